"""Speed and size, measured side by side (`make bench`); nothing here is collected by pytest."""
