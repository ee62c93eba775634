"""Whatever a field is given, the answer is never an error of ours."""

import json

import pytest

from tests.api.conftest import as_user, template_of
from tests.api.routes import ROUTES

pytestmark = pytest.mark.django_db
ODD = [
    None, "", "x" * 20_000, "\n", 0, -1, 1.5, 2**63, [None], [{}], {"": ""}, {"a": {"b": [1]}},
    "9999-12-31T23:59:59Z", "http://[",
]  # fmt: skip
# A PATCH takes the fields of its POST.
WRITES = [r for r in ROUTES if r.method == "post" and r.body]


@pytest.mark.parametrize("route", WRITES, ids=str)
def test_odd_values_are_refused_or_taken(route, document):
    api = as_user("admin")
    url = route.url(api.space)
    body = route.body | ({"space": api.space.slug} if route.names_space else {})
    broken = []

    path = template_of(route.send(api, api.space), document)
    for name in _fields(document["paths"][path][route.method], document):
        for number, odd in enumerate(ODD):
            sent = {**body, "name": f"{route} {name} {number}", name: odd}
            answer = api.generic(
                route.method.upper(), url, json.dumps(sent), "application/json"
            )
            if answer.status_code >= 500:
                broken.append((name, odd, answer.status_code))

    assert broken == []


def _fields(operation, document):
    """Return the names of all fields that a request may hold."""
    schema = operation["requestBody"]["content"]["application/json"]["schema"]
    name = schema["$ref"].rsplit("/", 1)[1]
    return document["components"]["schemas"][name]["properties"]
