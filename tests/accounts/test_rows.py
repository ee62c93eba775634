import pytest

from bkmonitor.accounts.rows import store
from bkmonitor.lib.errors import InvalidInput, NotFound
from tests.factories import (
    make_heartbeat,
    make_probe,
    make_receiver,
    make_scrape_target,
    make_space,
    make_strategy,
)

pytestmark = pytest.mark.django_db
MAKERS = (make_strategy, make_probe, make_heartbeat, make_receiver, make_scrape_target)


@pytest.mark.parametrize("make", MAKERS)
def test_a_name_that_is_taken_is_told_in_one_way_beside_the_name(make):
    space = make_space()
    make(space, name="taken")
    row = make(space, name="free")
    row.name = "taken"

    with pytest.raises(InvalidInput) as refused:
        store(row, ["name"])

    assert refused.value.fields == {"name": "Another one of this space has that name."}


def test_of_a_row_that_exists_only_what_changed_is_written():
    row = make_probe(name="a")
    row.name, row.target = "b", "http://elsewhere/"

    store(row, ["name"])

    row.refresh_from_db()
    assert (row.name, row.target) == ("b", "http://127.0.0.1:9/")


@pytest.mark.parametrize("make", MAKERS)
def test_what_was_deleted_while_it_was_edited_is_not_found(make):
    row = make(name="gone")
    type(row).objects.all().delete()

    with pytest.raises(NotFound, match="gone"):
        store(row, ["name"])

    assert not type(row).objects.exists()
