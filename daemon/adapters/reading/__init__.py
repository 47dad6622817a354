"""The reading process: what runs on the far side of `daemon.adapters.reader_pool`, and the few bytes between them.

Nothing here imports the daemon: a reading process holds the parsers, no settings, no database, no secrets.
"""
