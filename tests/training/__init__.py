"""How the digit reader's model is made: `make model`. A development tool, needs torch; the program never imports it."""
