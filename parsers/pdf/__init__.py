"""PDF files with a text layer: characters and ruling lines in mm, put back into the rows and columns of a table.

Pages that are pictures are told, not read. PDFium finds the characters, pypdf the structure around them.
"""
