"""One use case per file. Handlers know ports and domain, never adapters."""
