import pytest

from bkmonitor.strategies.models import Strategy
from bkmonitor.web.search import matching
from tests.factories import make_space, make_strategy

pytestmark = pytest.mark.django_db


@pytest.fixture
def rows():
    space = make_space()
    make_strategy(space, name="Load of web", labels={"team": "web", "a__b": "x y"})
    make_strategy(space, name="Load of db", labels={"team": "db"})
    make_strategy(space, name="Disk", expression="disk_free")
    return Strategy.objects.filter(space=space)


@pytest.mark.parametrize(
    ("asked", "names"),
    [
        ("", ["Disk", "Load of db", "Load of web"]),
        ("load", ["Load of db", "Load of web"]),
        ("load WEB", ["Load of web"]),
        ('"of web"', ["Load of web"]),
        ("disk_free", ["Disk"]),
        ("team=db", ["Load of db"]),
        ("team!=db", ["Disk", "Load of web"]),
        ('a__b="x y"', ["Load of web"]),
        ('team!="x" "of web"', ["Load of web"]),
        ("team=", ["Disk"]),
        ("team!=", ["Load of db", "Load of web"]),
        ("load team=nobody", []),
        ("X y", ["Load of web"]),
        ('"', ["Disk", "Load of db", "Load of web"]),
        ('"of db', ["Load of db"]),
        ("%", []),
    ],
)
def test_every_part_has_to_match(rows, asked, names):
    found = matching(rows, asked, ("name", "expression"))

    assert [row.name for row in found] == names


def test_a_very_long_search_stays_small(rows):
    assert matching(rows, "load " * 1000).count() == 2
