"""Matrices of genes and samples: what the rows and columns of a table are, and the AnnData format."""
