"""Wire formats of samples."""
