import pytest

from tests.factories import make_space

pytestmark = pytest.mark.django_db


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
    ],
)
def test_a_filter_that_makes_no_sense_is_refused(api, query):
    response = api.get(f"/api/v1/alerts/?{query}")

    assert response.status_code in (400, 404)
    assert response.json()["detail"]


def test_filtering_by_a_space_one_is_not_in_is_not_found(api):
    other = make_space()

    assert api.get(f"/api/v1/alerts/?space={other.slug}").status_code == 404


def test_text_that_no_database_stores_is_refused(api):
    for text in ("a\0b", "\ud800"):
        response = api.post("/api/v1/spaces/", {"slug": "shop", "name": text})

        assert response.status_code == 400
