import pytest

from bkmonitor.metrics.tsdb.current import replaced_by
from bkmonitor.pipeline.gallery import sent_metrics, use_template
from bkmonitor.pipeline.selfwatch import STRATEGIES
from bkmonitor.strategies.gallery.catalogue import find_template, templates
from tests.factories import NOON, make_space, make_user
from tests.fakes import FakeTsdb, counted

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize("template", list(templates()), ids=lambda one: one.key)
def test_each_template_can_be_saved(template):
    made = use_template(template, make_space(), by=make_user(), now=NOON)

    assert made.name == template.title
    assert made.enabled
    assert made.next_run_at == NOON


def test_used_again_it_gets_the_next_number():
    space, template = make_space(), find_template("host-cpu")

    names = [use_template(template, space, by=None, now=NOON).name for _ in range(3)]

    assert names == ["The CPU is busy", "The CPU is busy (2)", "The CPU is busy (3)"]
    elsewhere = use_template(template, make_space(), by=None, now=NOON)
    assert elsewhere.name == "The CPU is busy"


def test_the_store_is_asked_once_for_the_metrics_of_all():
    store = FakeTsdb(result=counted("node_load5", "pg_up"))
    space = make_space()

    with replaced_by(store):
        sent = sent_metrics(space, now=NOON)

    assert sent == {"node_load5", "pg_up"}
    assert len(store.asked) == 1
    assert store.asked[0][0] == space.slug


def test_of_a_store_that_fails_nothing_is_concluded():
    with replaced_by(FakeTsdb()):
        assert sent_metrics(make_space(), now=NOON) is None


def test_what_the_service_watches_in_itself_is_in_the_gallery():
    titles = {template.title for template in templates()}

    assert {fields["name"] for fields in STRATEGIES} <= titles
