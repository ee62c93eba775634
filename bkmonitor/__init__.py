"""A monitoring and alerting service: from a sample to a person."""
