"""What people type, one module a page: its shape, not its sense."""
