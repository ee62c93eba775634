"""What users want watched in their metrics."""
