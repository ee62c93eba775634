"""Kinds of probes, one module each."""
