"""Django's settings, all of them from variables.py."""

import os
import sys
from pathlib import Path
from urllib.parse import parse_qsl, unquote, urlsplit

from bkmonitor.config import logs
from bkmonitor.config.variables import load
from bkmonitor.lib.secrets import derive

ENV = load(os.environ)
if ENV.errors:
    sys.exit("\n".join(ENV.errors))

ROOT = Path(__file__).resolve().parent.parent
VERSION = "0.1.0"
DATA = Path(ENV["BKM_DATA"])
RUN = Path(ENV["BKM_RUN"])
# Only tests and one-off commands run without a key; bin/entrypoint insists on one.
SECRET_KEY = ENV["BKM_SECRET_KEY"] or "no key was given: good for nothing but tests"
SECRET_KEY_FALLBACKS = list(ENV["BKM_SECRET_KEY_FALLBACKS"])
SCRAPE_TOKEN = ENV["BKM_SCRAPE_TOKEN"] or derive(SECRET_KEY, "scrape").decode()
DEBUG = ENV["BKM_DEBUG"]
PUBLIC_URL = ENV["BKM_PUBLIC_URL"].rstrip("/")
LISTEN = ENV["BKM_LISTEN"]


def database(url: str) -> dict[str, object]:
    """Turn a database URL into Django's dictionary."""
    parts = urlsplit(url)
    if parts.scheme == "sqlite":
        return {
            "ENGINE": "django.db.backends.sqlite3",
            "NAME": unquote(parts.path.removeprefix("/")) or ":memory:",
            "OPTIONS": {
                "timeout": 20,
                "transaction_mode": "IMMEDIATE",
                "init_command": "PRAGMA journal_mode=WAL; PRAGMA synchronous=NORMAL;",
            },
        }
    return {
        "ENGINE": "django.db.backends.postgresql",
        "NAME": unquote(parts.path.removeprefix("/")),
        "USER": unquote(parts.username or ""),
        "PASSWORD": unquote(parts.password or ""),
        "HOST": unquote(parts.hostname or "")
        or dict(parse_qsl(parts.query)).get("host", ""),
        "PORT": str(parts.port or ""),
        "CONN_MAX_AGE": ENV["BKM_DATABASE_CONN_MAX_AGE"],
        "CONN_HEALTH_CHECKS": True,
        "OPTIONS": {
            "connect_timeout": 5,
            **{key: value for key, value in parse_qsl(parts.query) if key != "host"},
        },
    }


DATABASES = {
    "default": database(
        ENV["BKM_DATABASE_URL"] or f"sqlite:///{DATA}/bkmonitor.sqlite3"
    )
}
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
REDIS_URL = ENV["BKM_REDIS_URL"]
VM_WRITE_URL = ENV["BKM_VM_WRITE_URL"].rstrip("/")
VM_QUERY_URL = ENV["BKM_VM_QUERY_URL"].rstrip("/") or VM_WRITE_URL
SMTP_URL = ENV["BKM_SMTP_URL"]
MAIL_FROM = ENV["BKM_MAIL_FROM"]
ALLOW_PRIVATE_TARGETS = ENV["BKM_ALLOW_PRIVATE_TARGETS"]

INSTALLED_APPS = [
    "django.contrib.admin",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.staticfiles",
    "rest_framework",
    "drf_spectacular",
    "bkmonitor.config",
    "bkmonitor.accounts",
    "bkmonitor.metrics",
    "bkmonitor.calendars",
    "bkmonitor.notifications",
    "bkmonitor.strategies",
    "bkmonitor.probes",
    "bkmonitor.alerts",
    "bkmonitor.routing",
    "bkmonitor.pipeline",
    "bkmonitor.ascode",
    "bkmonitor.api",
    "bkmonitor.web",
]
AUTH_USER_MODEL = "accounts.User"
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": f"django.contrib.auth.password_validation.{name}"}
    for name in (
        "UserAttributeSimilarityValidator",
        "CommonPasswordValidator",
        "NumericPasswordValidator",
    )
] + [
    {
        "NAME": "django.contrib.auth.password_validation.MinimumLengthValidator",
        "OPTIONS": {"min_length": 10},
    }
]

LOGIN_URL = "/login/"
CSRF_FAILURE_VIEW = "bkmonitor.web.views.errors.no_csrf"

ROOT_URLCONF = "bkmonitor.config.urls"
WSGI_APPLICATION = "bkmonitor.config.wsgi.application"
MIDDLEWARE = [
    "bkmonitor.config.counting.CountRequests",
    "bkmonitor.config.security.Guard",
    "bkmonitor.protocols.door.MachineDoor",
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.locale.LocaleMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "bkmonitor.web.middleware.PersonMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
]
TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
                "bkmonitor.web.context.page",
            ]
        },
    }
]

LANGUAGE_CODE = "en"
LANGUAGES = [("en", "English"), ("zh-hans", "简体中文")]
LOCALE_PATHS = [ROOT / "locale"]
USE_TZ = True
TIME_ZONE = "UTC"

STATIC_URL = "/static/"
STATIC_ROOT = ROOT.parent / "staticfiles"
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {"BACKEND": "bkmonitor.config.static.StaticStorage"},
}
# Nobody asks for the plain names; the image is smaller without them.
WHITENOISE_KEEP_ONLY_HASHED_FILES = True

# Whom to believe. The public URL may also be set in the wizard, and machines come
# by inner names, so config/security.py checks the hosts and not this list.
ALLOWED_HOSTS = ["*"]
TRUSTED_PROXIES = list(ENV["BKM_TRUSTED_PROXIES"])
# Doors for programs: a token instead of a cookie, and no answer that is a page.
MACHINE_DOORS = (
    "/alertmanager/",
    "/api/push/",
    "/healthz/",
    "/metrics",
    "/ping/",
    "/prometheus/",
    "/v1/",
    STATIC_URL,
)
ENCRYPTED = PUBLIC_URL.startswith("https://")
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = LANGUAGE_COOKIE_SECURE = ENCRYPTED
SESSION_COOKIE_HTTPONLY = CSRF_COOKIE_HTTPONLY = LANGUAGE_COOKIE_HTTPONLY = True
SESSION_COOKIE_SAMESITE = CSRF_COOKIE_SAMESITE = LANGUAGE_COOKIE_SAMESITE = "Lax"
X_FRAME_OPTIONS = "DENY"
SECURE_REFERRER_POLICY = "same-origin"
SECURE_CROSS_ORIGIN_OPENER_POLICY = "same-origin"
HSTS_SECONDS = 365 * 24 * 3600
SECURE_HSTS_SECONDS = HSTS_SECONDS if ENCRYPTED else 0
SILENCED_SYSTEM_CHECKS = [
    "security.W005",  # the hosts below the public one are not ours to force to HTTPS
    "security.W008",  # config/security.py redirects, in a way that cannot loop
    "security.W021",  # a browser's preload list is for the owner of the whole domain
]

LOGGING = logs.configuration(ENV["BKM_LOG_LEVEL"], ENV["BKM_LOG_FORMAT"])

REST_FRAMEWORK = {
    "DEFAULT_AUTHENTICATION_CLASSES": [
        "bkmonitor.api.auth.TokenAuthentication",
        "rest_framework.authentication.SessionAuthentication",
    ],
    "DEFAULT_PERMISSION_CLASSES": ["bkmonitor.api.auth.Known"],
    "DEFAULT_PARSER_CLASSES": ["bkmonitor.api.parsing.BoundedJSONParser"],
    "DEFAULT_RENDERER_CLASSES": ["rest_framework.renderers.JSONRenderer"],
    "DEFAULT_PAGINATION_CLASS": "bkmonitor.api.pagination.Pages",
    "DEFAULT_SCHEMA_CLASS": "drf_spectacular.openapi.AutoSchema",
    # What may be sent is in the OpenAPI document; OPTIONS adds nothing.
    "DEFAULT_METADATA_CLASS": None,
    "EXCEPTION_HANDLER": "bkmonitor.api.errors.handle",
    "TEST_REQUEST_DEFAULT_FORMAT": "json",
}
SPECTACULAR_SETTINGS = {
    "TITLE": "bkmonitor",
    "VERSION": VERSION,
    "DESCRIPTION": "What a page can do, a program can. See docs/api.md.",
    "SERVE_INCLUDE_SCHEMA": False,
    "SERVE_PERMISSIONS": ["bkmonitor.api.auth.Known"],
    "SCHEMA_PATH_PREFIX": "/api/v1/",
    # Secrets are written and not read: what is sent and what is answered differ.
    "COMPONENT_SPLIT_REQUEST": True,
    # Choices that several fields share, or fields of one name with other choices.
    "ENUM_NAME_OVERRIDES": {
        "AlertState": "bkmonitor.alerts.models.Alert.State",
        "HeartbeatState": "bkmonitor.probes.models.Heartbeat.State",
        "NotificationState": "bkmonitor.notifications.models.Notification.State",
        "PingKind": "bkmonitor.probes.models.Ping.Kind",
        "ProbeKind": "bkmonitor.probes.models.Probe.Kind",
        "ProbeState": "bkmonitor.probes.models.Probe.State",
        "Severity": "bkmonitor.alerts.models.Severity",
        "StrategyKind": "bkmonitor.strategies.models.Strategy.Kind",
    },
}
