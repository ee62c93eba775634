"""Look at targets from outside, and wait for signs of life."""
