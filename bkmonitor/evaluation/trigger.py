"""N of M, and how it ends."""
