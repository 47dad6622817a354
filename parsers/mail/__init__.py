"""Mail: bytes into headers, parts, kind, tokens, words."""
