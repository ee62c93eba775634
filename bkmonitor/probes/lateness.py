"""Whether a heartbeat is late."""
