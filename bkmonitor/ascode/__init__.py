"""The door for configuration kept in files."""
