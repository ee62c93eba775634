"""Who should be told of a change, and when again."""
