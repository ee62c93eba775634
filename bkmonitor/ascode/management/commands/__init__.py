"""Commands of the door for files."""
