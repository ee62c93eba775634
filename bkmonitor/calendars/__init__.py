"""Days on and days off: what people write into calendars, and when it is on."""
