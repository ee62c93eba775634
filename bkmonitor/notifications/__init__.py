"""Deliver one message to one receiver, and remember it."""
