"""Panels that users arrange."""
