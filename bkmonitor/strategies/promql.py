"""What can be told of a PromQL expression without running it."""
