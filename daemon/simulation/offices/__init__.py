"""The prefectural offices of the virtual world: people who get a request by mail and answer in their own way."""
