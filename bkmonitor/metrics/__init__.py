"""Samples in and out of the time series database."""
