"""The order in which work travels: every Celery task."""
