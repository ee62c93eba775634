"""Arrays in, anomalies out."""
