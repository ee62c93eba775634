"""The port to a time series database, and its adapters."""
