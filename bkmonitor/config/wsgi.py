"""The WSGI application that gunicorn serves."""

import os

from django.core.wsgi import get_wsgi_application

from bkmonitor.config.health import Health
from bkmonitor.config.variables import load

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "bkmonitor.config.settings")
application = Health(get_wsgi_application(), load(os.environ).values)
