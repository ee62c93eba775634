"""Why somebody should not be told."""
