"""Text layers of PDF files."""
