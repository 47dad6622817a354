"""The virtual world of `meibod demo`: clock, mail network, offices that answer as people do."""
