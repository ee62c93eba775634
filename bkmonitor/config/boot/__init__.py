"""What happens before Django: configuration, dependencies, schema, supervisor."""
