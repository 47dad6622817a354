"""The mail network of the virtual world: a submission server, the mailbox of HQ, and what lies between them.

Both servers speak the real protocols on 127.0.0.1; the adapters of the daemon talk to them as to any other.
"""
