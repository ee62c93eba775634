"""What every test may use; nothing here belongs to one room."""

from collections.abc import Iterator

import pytest
from django.test import Client

from tests.factories import make_member


@pytest.fixture
def admin_client(db: None) -> Iterator[Client]:
    """Return a client logged in as the administrator of a space of their own."""
    member = make_member()
    client = Client()
    client.force_login(member.user)
    client.space = member.space  # type: ignore[attr-defined]
    client.user = member.user  # type: ignore[attr-defined]
    yield client
