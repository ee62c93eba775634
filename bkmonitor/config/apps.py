"""Loads the Celery application with Django, so that any process can ring a bell."""

from django.apps import AppConfig

from bkmonitor.config.celery import app

__all__ = ["app"]


class Configuration(AppConfig):
    """The top of the house as Django sees it."""

    name = "bkmonitor.config"
