"""From bytes to tables: what a file is, and what it holds."""
