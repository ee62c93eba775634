"""How gunicorn serves the web role."""
