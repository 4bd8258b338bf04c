"""Text files and workbooks: bytes, encodings, delimiters, forms of numbers, and tables of untyped cells."""
