"""Small pure parts that two rooms need; no framework."""
