import pytest
from django.db import OperationalError

from tests.factories import make_space

pytestmark = pytest.mark.django_db
STRATEGY = """{"space": "%(space)s", "name": "Load", "expression": "load",
    "levels": [{"severity": 1, "detectors": [{"kind": "threshold", "any_of": [[{"operator": ">", "value": %(number)s}]]}]}]}"""


def test_what_is_wrong_with_a_field_stands_beside_its_name(api):
    response = api.post("/api/v1/tokens/", {"space": api.space.slug, "scopes": ["fly"]})

    body = response.json()
    assert response.status_code == 400
    assert body["code"] == "invalid"
    assert set(body["fields"]) == {"name", "scopes.0"}
    assert "scopes.0" in body["detail"]


def test_errors_of_the_rooms_have_the_same_form(api):
    response = api.post(
        "/api/v1/tokens/",
        {
            "space": api.space.slug,
            "name": "agent",
            "scopes": ["read"],
            "expires_at": "2001-01-01T00:00:00Z",
        },
    )

    assert response.status_code == 400
    assert list(response.json()["fields"]) == ["expires_at"]


@pytest.mark.parametrize("method", ["get", "post", "delete"])
def test_where_there_is_nothing_the_answer_is_json_too(api, method):
    response = getattr(api, method)("/api/v1/nowhere/at/all")

    assert response.status_code == 404
    assert response.json()["code"] == "not_found"


def test_an_id_longer_than_any_number_is_not_found(api):
    assert api.get(f"/api/v1/alerts/{'9' * 30}/").status_code == 404


def test_a_body_that_is_no_json_is_told_so(api):
    response = api.generic("POST", "/api/v1/spaces/", b"{", "application/json")

    assert (response.status_code, response.json()["code"]) == (400, "parse_error")


def test_a_body_that_is_no_object_is_told_so(api):
    response = api.generic("POST", "/api/v1/tokens/", b"[1]", "application/json")

    assert response.status_code == 400


def test_a_body_of_another_type_is_told_so(api):
    response = api.generic("POST", "/api/v1/spaces/", b"<a/>", "text/xml")

    assert response.status_code == 415


def test_a_body_beyond_a_mebibyte_is_not_read(api):
    response = api.post("/api/v1/spaces/", {"slug": "x" * (1 << 20)})

    assert (response.status_code, response.json()["code"]) == (413, "too_large")


@pytest.mark.parametrize(
    "query",
    [
        "state=broken",
        "severity=1",
        "acknowledged=maybe",
        "source=moon",
        "source=strategy:x",
        "label=instance",
        "label=a-b=c",
        "search=" + "x" * 201,
        "search=%00",
        "cursor=nonsense",
        "cursor=cD1ub25zZW5zZQ==",
        "cursor=cD0lMDA=",
        "space=%00",
        "space=" + "x" * 5000,
    ],
)
def test_a_filter_that_makes_no_sense_is_refused(api, query):
    response = api.get(f"/api/v1/alerts/?{query}")

    assert response.status_code in (400, 404)
    assert response.json()["detail"]


def test_filtering_by_a_space_one_is_not_in_is_not_found(api):
    other = make_space()

    assert api.get(f"/api/v1/alerts/?space={other.slug}").status_code == 404


@pytest.mark.parametrize("text", [r"a\u0000b", r"\ud800"])
@pytest.mark.parametrize(
    ("noun", "body"),
    [
        ("spaces", '{"slug": "shop", "name": "%s"}'),
        ("receivers", '{"space": "%s", "name": "Hook"}'),
        ("receivers", '{"space": "own", "name": "H", "channel": "email", "address": "%s"}'),
        ("probes", '{"space": "own", "name": "P", "kind": "http", "target": "http://a/", "settings": {"body": 1, "keyword": "%s"}}'),
    ],
)  # fmt: skip
def test_text_that_no_database_stores_is_refused(api, noun, body, text):
    sent = (body % text).replace("own", api.space.slug).encode()

    response = api.generic("POST", f"/api/v1/{noun}/", sent, "application/json")

    assert response.status_code in (400, 404)


@pytest.mark.parametrize("number", ["NaN", "1e999", "9" * 400])
def test_numbers_that_are_none_are_refused(api, number):
    sent = STRATEGY % {"space": api.space.slug, "number": number}

    response = api.generic(
        "POST", "/api/v1/strategies/", sent.encode(), "application/json"
    )

    assert response.status_code == 400


def test_a_database_that_does_not_answer_is_told_so(api, monkeypatch):
    def break_down(*_args):
        raise OperationalError("server closed the connection")

    monkeypatch.setattr("bkmonitor.api.me._describe", break_down)

    response = api.get("/api/v1/me/")

    assert (response.status_code, response.json()["code"]) == (
        503,
        "upstream_unavailable",
    )
    assert "server closed" not in response.json()["detail"]


def test_options_tell_nothing(api):
    assert api.options("/api/v1/strategies/").status_code == 405
