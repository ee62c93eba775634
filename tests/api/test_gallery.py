import pytest

from bkmonitor.metrics.tsdb.current import replaced_by
from tests.fakes import FakeTsdb, counted

pytestmark = pytest.mark.django_db
GALLERY = "/api/v1/strategies/gallery/"


def test_the_gallery_says_what_is_missing(api):
    with replaced_by(FakeTsdb(result=counted("nginx_up"))):
        told = api.get(GALLERY, {"space": api.space.slug}).json()

    by_key = {each["key"]: each for each in told}
    assert by_key["nginx-down"]["missing"] == []
    assert by_key["redis-down"]["missing"] == ["redis_up"]
    assert by_key["nginx-down"]["strategy"]["name"] == "nginx does not answer"


def test_of_a_silent_store_nothing_is_said(program):
    with replaced_by(FakeTsdb()):
        told = program.get(GALLERY).json()

    assert {each["missing"] for each in told} == {None}


def test_a_template_is_applied(program):
    made = [program.post(f"{GALLERY}redis-down/apply/") for _ in range(2)]

    assert [answer.status_code for answer in made] == [201, 201]
    names = [answer.json()["name"] for answer in made]
    assert names == ["Redis does not answer", "Redis does not answer (2)"]


def test_a_template_that_there_is_not_is_not_found(program):
    assert program.post(f"{GALLERY}nothing/apply/").status_code == 404
