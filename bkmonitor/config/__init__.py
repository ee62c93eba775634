"""Settings, roles and start-up: what puts the house together."""
