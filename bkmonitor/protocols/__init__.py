"""The doors for other systems' wire formats."""
