"""The OpenAPI document is sound, and says what the door really does."""

import io

import pytest
from django.core.management import call_command
from jsonschema import Draft4Validator, FormatChecker

from tests.api.conftest import as_user, template_of
from tests.api.routes import ROUTES, existing_routes

pytestmark = pytest.mark.django_db


def test_the_document_is_written_without_a_warning():
    call_command("spectacular", "--validate", "--fail-on-warn", stdout=io.StringIO())


def test_the_document_is_served(document):
    served = as_user().get("/api/v1/schema/").json()

    assert served["paths"].keys() == document["paths"].keys()


def test_every_route_is_in_the_document(document):
    described = sum(
        method in ("get", "post", "patch", "put", "delete")
        for path in document["paths"].values()
        for method in path
    )

    assert described == len(existing_routes() - {("schema", "get")})


@pytest.mark.parametrize(
    "route", [r for r in ROUTES if r.method != "delete" and r.name != "schema"], ids=str
)
def test_answers_are_as_the_document_says(document, route):
    api = as_user("admin")

    response = route.send(api, api.space)

    schema = document["paths"][template_of(response, document)][route.method]
    answer = schema["responses"][str(response.status_code)]["content"]
    kind = response["Content-Type"]
    told = response.json() if kind == "application/json" else response.content.decode()
    _validator(answer[kind]["schema"], document).validate(told)


def _validator(schema, document):
    """OpenAPI 3.0 is JSON Schema 4 but for `nullable`."""
    formats = FormatChecker()
    formats.checks("uri")(lambda text: "://" in str(text))
    return Draft4Validator(_plain(schema, document), format_checker=formats)


def _plain(schema, document):
    if isinstance(schema, list):
        return [_plain(each, document) for each in schema]
    if not isinstance(schema, dict):
        return schema
    if "$ref" in schema:
        name = schema["$ref"].rsplit("/", 1)[1]
        return _plain(document["components"]["schemas"][name], document)
    plain = {key: _plain(value, document) for key, value in schema.items()}
    if plain.pop("nullable", False):
        return {"anyOf": [plain, {"type": "null"}]}
    return plain
