"""Who may do what in which space."""
