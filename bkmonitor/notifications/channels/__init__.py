"""Kinds of delivery, one module each."""
