"""What the demo leaves behind: every mail, document and digest as a file, and one page that tells the story."""
