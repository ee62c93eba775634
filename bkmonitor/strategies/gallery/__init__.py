"""Ready strategies, by what they watch."""
