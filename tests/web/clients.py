"""Browsers without a screen, for the tests of the pages."""

from django.http import HttpResponse
from django.test import Client

from bkmonitor.accounts.models import Space
from tests.factories import make_member


def client_of(role: str, space: Space | None = None) -> tuple[Client, Space]:
    """Return a client logged in as somebody with a role in a space, and the space."""
    member = make_member(space, role=role)
    client = Client()
    client.force_login(member.user)
    return client, member.space


def text(answer: HttpResponse) -> str:
    """Return the words and tags of an answer, with each gap a single blank."""
    return " ".join(answer.content.decode().split())
