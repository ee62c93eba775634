import pytest

from tests.api.conftest import as_token

pytestmark = pytest.mark.django_db


def test_without_a_broker_the_rest_is_told_all_the_same(api, settings):
    settings.REDIS_URL = ""

    body = api.get("/api/v1/system/").json()

    assert (body["broker"], body["queues"]) == (False, [])
    assert body["version"]


def test_a_program_that_reads_may_ask():
    assert as_token("read").get("/api/v1/system/").status_code == 200
