"""One outside thing each, behind a Protocol of `daemon.ports`."""
