"""The message that travels to a receiver."""
