"""The command line: words for people and exit codes live here."""
