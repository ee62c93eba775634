"""Clients of the REST door."""

from typing import Any

import pytest
from django.test import Client
from drf_spectacular.generators import SchemaGenerator

from bkmonitor.accounts.models import Space, User
from bkmonitor.api import receivers
from tests.factories import make_member, make_space, make_token


class Api(Client):
    """A client that speaks JSON; `space` is the space it belongs to."""

    space: Space
    user: User | None = None

    def post(self, path: str, body: Any = None, **extra: Any) -> Any:  # type: ignore[override]
        return super().post(path, body or {}, "application/json", **extra)

    def patch(self, path: str, body: Any = None, **extra: Any) -> Any:  # type: ignore[override]
        return super().patch(path, body or {}, "application/json", **extra)


def as_user(role: str = "admin", space: Space | None = None) -> Api:
    """Return the client of a person with a role in a space."""
    member = make_member(space, role=role)
    client = Api()
    client.force_login(member.user)
    client.space, client.user = member.space, member.user
    return client


def as_token(*scopes: str, space: Space | None = None) -> Api:
    """Return the client of a program whose token has these scopes."""
    token, secret = make_token(space or make_space(), *scopes)
    client = Api(headers={"Authorization": f"Bearer {secret}"})
    client.space = token.space
    return client


def template_of(response: Any, document: dict[str, Any]) -> str:
    """Return the path of the OpenAPI document that an answer belongs to."""
    path = response.request["PATH_INFO"]
    for name, value in response.resolver_match.kwargs.items():
        path = path.replace(f"/{value}/", f"/{{{name}}}/", 1)
    candidates = (path, path.replace("{pk}", "{id}"))
    return next(each for each in candidates if each in document["paths"])


@pytest.fixture(scope="session")
def document() -> dict[str, Any]:
    """Return the OpenAPI document as the door serves it."""
    return dict(SchemaGenerator().get_schema(request=None, public=True))


@pytest.fixture(autouse=True)
def bells(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """Note the notifications whose bell is rung instead of ringing it."""
    rung: list[int] = []
    monkeypatch.setattr(receivers, "ring_delivery", rung.append)
    return rung


@pytest.fixture
def api(db: None) -> Api:
    """Return the client of an administrator."""
    return as_user("admin")


@pytest.fixture
def program(db: None) -> Api:
    """Return the client of a program that may write."""
    return as_token("write")
