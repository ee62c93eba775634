"""What every test may use; nothing here belongs to one room."""

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings
from django.test import Client
from django.utils import translation
from django.utils.translation import trans_real
from hypothesis import HealthCheck
from hypothesis import settings as hypothesis_settings

from tests.factories import make_member

ROOT = Path(__file__).resolve().parent.parent

# What a busy machine takes its time for is no fault.
hypothesis_settings.register_profile(
    "unhurried",
    hypothesis_settings.default,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow],
)
hypothesis_settings.load_profile("unhurried")


def pytest_collection_modifyitems(
    config: pytest.Config, items: list[pytest.Item]
) -> None:
    """Leave to the run on PostgreSQL what only that can show."""
    if settings.DATABASES["default"]["ENGINE"].endswith("postgresql"):
        return
    left = [item for item in items if item.get_closest_marker("postgresql")]
    items[:] = [item for item in items if not item.get_closest_marker("postgresql")]
    config.hook.pytest_deselected(items=left)


@pytest.fixture(scope="session")
def catalogue() -> None:
    """Have the translations compiled as they are now."""
    program = [sys.executable, ROOT / "bin" / "translations", "compile"]
    subprocess.run(program, check=True, timeout=60)
    trans_real._translations.clear()  # type: ignore[attr-defined]


@pytest.fixture
def chinese(catalogue: None) -> Iterator[None]:
    """Read everything in Chinese."""
    with translation.override("zh-hans"):
        yield


@pytest.fixture(autouse=True)
def nobodys_language() -> Iterator[None]:
    """Begin in English: a request leaves its reader's language behind in the thread."""
    translation.activate("en")
    yield
    translation.deactivate()


@pytest.fixture(autouse=True)
def quick_passwords(settings: Any) -> None:
    """Hash passwords in no time; what a strong hash costs is Django's to test."""
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]


@pytest.fixture
def admin_client(db: None) -> Iterator[Client]:
    """Return a client logged in as the administrator of a space of their own."""
    member = make_member()
    client = Client()
    client.force_login(member.user)
    client.space = member.space  # type: ignore[attr-defined]
    client.user = member.user  # type: ignore[attr-defined]
    yield client
