"""Commands for operators about the work that flows."""
