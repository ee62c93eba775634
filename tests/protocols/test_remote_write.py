import io

import pytest
from django.test import Client, RequestFactory
from django.utils import timezone

from bkmonitor.accounts.services import revoke_token
from bkmonitor.lib.http import Answer
from bkmonitor.metrics.tsdb.current import replaced_by
from bkmonitor.protocols.body import TooLarge, read_body
from tests.factories import make_space, make_token
from tests.fakes import FakeTsdb

pytestmark = pytest.mark.django_db
WRITE = "/prometheus/api/v1/write"
TEXT = "/prometheus/api/v1/import/prometheus"
PROTOBUF = "application/x-protobuf"


@pytest.fixture
def store():
    store = FakeTsdb(answer=Answer(204, {}, b""))
    with replaced_by(store):
        yield store


def send(secret="", path=WRITE, body=b"x", content_type=PROTOBUF, **headers):
    headers |= {"Authorization": f"Bearer {secret}"} if secret else {}
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    client = Client(enforce_csrf_checks=True)
    return client.post(path, body, content_type=content_type, headers=named)


@pytest.fixture
def secret():
    return make_token(make_space(slug="ops"), "ingest")[1]


def test_a_body_travels_on_untouched_into_the_space_of_the_token(store, secret):
    answer = send(secret, body=b"\x00\xff", Content_Encoding="snappy")

    assert (answer.status_code, answer.content) == (204, b"")
    assert store.pushed == [("ops", "remote_write", b"\x00\xff", "snappy")]


@pytest.mark.parametrize("encoding", ["gzip", ""])
def test_text_travels_on_as_it_is(store, secret, encoding):
    answer = send(
        secret, TEXT, b"up 1\n", "application/x-www-form-urlencoded",
        Content_Encoding=encoding,
    )  # fmt: skip

    assert answer.status_code == 204
    assert store.pushed == [("ops", "text", b"up 1\n", encoding)]


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        pytest.param({"content_type": PROTOBUF + ";proto=prometheus.WriteRequest"}, 204, id="1.0 by name"),
        pytest.param({"content_type": PROTOBUF + ";proto=io.prometheus.write.v2.Request"}, 415, id="2.0"),
        pytest.param({"content_type": "application/json"}, 415, id="not protobuf"),
        pytest.param({"Content_Encoding": "zstd"}, 415, id="not snappy"),
        pytest.param({"path": TEXT, "Content_Encoding": "snappy"}, 415, id="text as snappy"),
    ],
)  # fmt: skip
def test_a_form_that_we_do_not_take_makes_the_sender_fall_back(
    store, secret, headers, status
):
    assert send(secret, **headers).status_code == status


def test_who_brings_no_token_or_a_wrong_one_is_nobody(store):
    nobody, wrong = send(), send("bkm_wrong")

    assert (nobody.status_code, wrong.status_code) == (401, 401)
    assert nobody["WWW-Authenticate"].startswith("Basic")
    assert store.pushed == []


def test_a_token_that_may_only_read_or_change_may_not_send(store):
    _, secret = make_token(None, "read", "write")

    assert send(secret).status_code == 403


def test_a_revoked_token_is_nobody(store):
    token, secret = make_token(None, "ingest")
    revoke_token(token, timezone.now())

    assert send(secret).status_code == 401


def test_bad_samples_are_not_sent_again(store, secret):
    store.answer = Answer(400, {}, b"snappy: corrupt input")

    answer = send(secret)

    assert (answer.status_code, answer.content) == (400, b"snappy: corrupt input\n")


@pytest.mark.parametrize("status", [429, 500, 503])
def test_a_store_in_trouble_makes_the_sender_try_again(store, secret, status):
    store.answer = Answer(status, {}, b"busy")

    answer = send(secret)

    assert (answer.status_code, answer["Retry-After"]) == (503, "5")


def test_a_store_that_is_gone_makes_the_sender_try_again(store, secret):
    store.down = True

    assert send(secret).status_code == 503


def test_where_metrics_are_off_the_sender_is_told_so(secret, settings):
    settings.VM_WRITE_URL = settings.VM_QUERY_URL = ""

    answer = send(secret)

    assert answer.status_code == 503
    assert b"metrics are off" in answer.content


def test_a_token_that_sends_too_often_waits(store):
    _, secret = make_token(None, "ingest", rate_limit=1)

    answers = [send(secret) for _ in range(2)]

    assert [answer.status_code for answer in answers] == [204, 429]
    assert answers[1]["Retry-After"] == "1"


def test_a_body_over_the_limit_of_its_token_is_refused(store):
    _, secret = make_token(None, "ingest", max_body_mb=1)

    within, beyond = (
        send(secret, body=b"x" * (1 << 20)),
        send(secret, body=b"x" * ((1 << 20) + 1)),
    )

    assert (within.status_code, beyond.status_code) == (204, 413)


def test_only_post_is_taken(store):
    assert Client().get(WRITE).status_code == 405


def test_a_second_request_asks_the_database_nothing(
    store, secret, django_assert_num_queries
):
    send(secret)

    with django_assert_num_queries(0):
        send(secret)


def test_a_body_in_chunks_is_read_to_its_end():
    request = RequestFactory().post("/")
    request.META |= {
        "CONTENT_LENGTH": "",
        "wsgi.input": io.BytesIO(b"chunks"),
        "wsgi.input_terminated": True,
    }

    assert read_body(request, 6) == b"chunks"


def test_a_body_in_chunks_has_a_limit_too():
    request = RequestFactory().post("/")
    request.META |= {
        "CONTENT_LENGTH": "",
        "wsgi.input": io.BytesIO(b"chunks"),
        "wsgi.input_terminated": True,
    }

    with pytest.raises(TooLarge):
        read_body(request, 5)
