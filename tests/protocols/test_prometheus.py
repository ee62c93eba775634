import orjson
import pytest
from django.test import Client

from bkmonitor.lib.http import Answer
from bkmonitor.metrics.tsdb.current import replaced_by
from tests.factories import make_space, make_token
from tests.fakes import FakeTsdb

pytestmark = pytest.mark.django_db
API = "/prometheus/api/v1"
EMPTY = b'{"status":"success","data":{"resultType":"vector","result":[]}}'


@pytest.fixture
def store():
    store = FakeTsdb(answer=Answer(200, {}, EMPTY))
    with replaced_by(store):
        yield store


@pytest.fixture
def reader():
    secret = make_token(make_space(slug="ops"), "read")[1]
    return Client(
        headers={"Authorization": f"Bearer {secret}"}, enforce_csrf_checks=True
    )


def refused(status, kind):
    body = {"status": "error", "errorType": "422", "error": f"{kind} happened"}
    return Answer(status, {}, orjson.dumps(body))


def test_an_answer_of_the_store_is_passed_on_as_it_is(store, reader):
    answer = reader.get(f"{API}/query", {"query": "up", "time": "1700000000"})

    assert (answer.status_code, answer.content) == (200, EMPTY)
    assert answer["Content-Type"] == "application/json"
    assert store.asked == [
        ("ops", "query", [("query", "up"), ("time", "1700000000.000")])
    ]


def test_a_form_says_the_same(store, reader):
    reader.post(
        f"{API}/query_range?step=15", {"query": "up", "start": "0", "end": "60"}
    )

    assert store.asked[0][2] == [
        ("query", "up"),
        ("start", "0.000"),
        ("end", "60.000"),
        ("step", "15.000"),
    ]


@pytest.mark.parametrize(
    "path", ["query", "query_range", "series", "labels", "label/x/values"]
)
@pytest.mark.parametrize("method", ["get", "post"])
def test_nothing_unknown_travels_to_the_store(store, reader, path, method):
    asked = {
        "query": "up", "start": "0", "end": "9", "step": "1", "match[]": "up",
        "extra_filters[]": '{space="other"}', "extra_filters": '{space="other"}',
        "extra_label": "space=other", "trace": "1",
    }  # fmt: skip

    getattr(reader, method)(f"{API}/{path}", asked)

    names = {name for name, _ in store.asked[0][2]}
    assert names <= {"query", "time", "start", "end", "step", "match[]"}


@pytest.mark.parametrize(
    ("path", "asked", "words"),
    [
        ("query", {}, 'invalid parameter "query"'),
        ("query", {"query": "up", "time": "soon"}, 'invalid parameter "time": cannot parse "soon" to a valid timestamp'),
        ("query", {"query": "up", "limit": "-1"}, 'invalid parameter "limit"'),
        ("query_range", {"query": "up", "start": "9", "end": "0", "step": "1"}, "end timestamp must not be before start time"),
        ("query_range", {"query": "up", "start": "0", "end": "9", "step": "0"}, "zero or negative query resolution step"),
        ("query_range", {"query": "up", "start": "0", "end": "9"}, 'invalid parameter "step"'),
        ("query_range", {"query": "up", "start": "0", "end": "11001", "step": "1"}, "exceeded maximum resolution of 11,000 points"),
        ("series", {}, "no match[] parameter provided"),
        ("label/a-b/values", {}, 'invalid label name: "a-b"'),
    ],
)  # fmt: skip
def test_nonsense_is_bad_data(store, reader, path, asked, words):
    answer = reader.get(f"{API}/{path}", asked)

    assert answer.status_code == 400
    assert (answer.json()["status"], answer.json()["errorType"]) == (
        "error",
        "bad_data",
    )
    assert words in answer.json()["error"]
    assert store.asked == []


def test_eleven_thousand_points_are_allowed(store, reader):
    asked = {"query": "up", "start": "0", "end": "11000", "step": "1"}

    assert reader.get(f"{API}/query_range", asked).status_code == 200


@pytest.mark.parametrize(
    ("answer", "status", "kind"),
    [
        (refused(422, "unknown func"), 400, "bad_data"),
        (refused(422, "duplicate series"), 422, "execution"),
        (refused(422, "timeout exceeded"), 503, "timeout"),
        (refused(503, "too many"), 503, "unavailable"),
    ],
)
def test_what_the_store_cannot_do_is_told_in_the_words_of_prometheus(
    store, reader, answer, status, kind
):
    store.answer = answer

    told = reader.get(f"{API}/query", {"query": "up"})

    assert (told.status_code, told.json()["errorType"]) == (status, kind)


def test_a_store_that_is_gone_is_unavailable(store, reader):
    store.down = True

    answer = reader.get(f"{API}/query", {"query": "up"})

    assert (answer.status_code, answer.json()["errorType"]) == (503, "unavailable")


def test_where_metrics_are_off_a_query_says_so(reader, settings):
    settings.VM_WRITE_URL = settings.VM_QUERY_URL = ""

    answer = reader.get(f"{API}/query", {"query": "up"})

    assert "metrics are off" in answer.json()["error"]


@pytest.mark.parametrize(
    ("data", "kept"),
    [
        (["a", "b", "c"], ["a", "b"]),
        (
            {"resultType": "vector", "result": [1, 2, 3]},
            {"resultType": "vector", "result": [1, 2]},
        ),
    ],
)
def test_a_limit_shortens_the_answer_and_says_so(store, reader, data, kept):
    store.answer = Answer(200, {}, orjson.dumps({"status": "success", "data": data}))

    answer = reader.get(f"{API}/labels", {"limit": "2"}).json()

    assert answer["data"] == kept
    assert answer["warnings"] == ["results truncated due to limit"]


def test_what_grafana_asks_of_the_server_is_answered_without_the_store(store, reader):
    build = reader.get(f"{API}/status/buildinfo").json()
    types = reader.get(f"{API}/metadata").json()

    assert (build["status"], build["data"]["version"]) == ("success", "2.42.0")
    assert types == {"status": "success", "data": {}}
    assert store.asked == []


@pytest.mark.parametrize(
    ("scopes", "status"), [(["ingest"], 403), (["read"], 200), (["write"], 200)]
)
def test_who_may_read(store, scopes, status):
    secret = make_token(None, *scopes)[1]
    client = Client(headers={"Authorization": f"Bearer {secret}"})

    assert client.get(f"{API}/query", {"query": "up"}).status_code == status


def test_nobody_is_told_to_bring_a_password(store):
    answer = Client().get(f"{API}/query", {"query": "up"})

    assert answer.status_code == 401
    assert answer["WWW-Authenticate"].startswith("Basic")
    assert answer.json()["errorType"] == "unauthorized"


def test_other_methods_are_not_allowed(store, reader):
    assert reader.delete(f"{API}/query").status_code == 405


@pytest.mark.parametrize("path", ["api/v1/targets", "api/v1/", "federate"])
def test_what_there_is_not_is_told_to_programs_in_their_words(path):
    answer = Client().get(f"/prometheus/{path}")

    assert (answer.status_code, answer.json()["errorType"]) == (404, "not_found")
