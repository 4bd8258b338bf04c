"""How a bundle is made: raw files in, a bundle and its evidence out."""
