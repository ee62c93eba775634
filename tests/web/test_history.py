import pytest

from bkmonitor.strategies.models import Strategy, StrategyRevision
from bkmonitor.strategies.services import delete_strategy, save_strategy
from tests.factories import NOON, make_strategy
from tests.web.clients import client_of, text

pytestmark = pytest.mark.django_db
LOAD = {
    "name": "load",
    "expression": "load",
    "levels": [
        {
            "severity": 1,
            "detectors": [
                {"kind": "threshold", "any_of": [[{"operator": ">", "value": 4.0}]]}
            ],
        }
    ],
}


@pytest.fixture
def strategy(admin_client):
    return save_strategy(admin_client.space, LOAD, by=admin_client.user, now=NOON)


def change(strategy, **fields):
    save_strategy(strategy.space, fields, by=None, now=NOON, strategy=strategy)


def page_of(client, strategy_id):
    return f"/s/{client.space.slug}/strategies/{strategy_id}/history/"


def test_a_change_shows_who_made_it_and_what_it_was_before(admin_client, strategy):
    change(strategy, interval_s=30)

    page = text(admin_client.get(page_of(admin_client, strategy.pk)))

    assert str(admin_client.user) in page
    assert "a program" in page
    assert "<dt>Evaluate every</dt> <dd><del>60</del> → <ins>30</ins></dd>" in page


def test_what_has_many_lines_is_compared_by_line(admin_client, strategy):
    change(strategy, description="Look at the log.\nCall somebody.")
    change(strategy, description="Look at the log.\nCall the database team.")

    page = text(admin_client.get(page_of(admin_client, strategy.pk)))

    assert "<span>Look at the log.</span><del>Call somebody.</del>" in page


def test_levels_are_compared_by_line(admin_client, strategy):
    more = {"severity": 2, "detectors": [{"kind": "present"}]}
    change(strategy, levels=[*LOAD["levels"], more])

    page = text(admin_client.get(page_of(admin_client, strategy.pk)))

    assert "severity: 2" in page


def test_a_switch_is_told_as_one(admin_client, strategy):
    change(strategy, enabled=False)

    assert "Switched off" in text(admin_client.get(page_of(admin_client, strategy.pk)))


def test_what_a_strategy_was_is_restored_by_a_button(admin_client, strategy):
    change(strategy, name="renamed")

    answer = admin_client.post(page_of(admin_client, strategy.pk) + "1/restore/")

    assert answer["Location"].endswith(f"/strategies/{strategy.pk}/")
    assert Strategy.objects.get().name == "load"


def test_what_can_not_be_restored_says_why(admin_client, strategy):
    change(strategy, name="renamed")
    make_strategy(admin_client.space, name="load")

    answer = admin_client.post(
        page_of(admin_client, strategy.pk) + "1/restore/", follow=True
    )

    assert "Another one of this space has that name." in text(answer)


def test_what_was_deleted_is_listed_read_and_brought_back(admin_client, strategy):
    pk = strategy.pk
    delete_strategy(strategy, by=admin_client.user, now=NOON)

    listed = text(admin_client.get(f"/s/{admin_client.space.slug}/strategies/deleted/"))
    page = text(admin_client.get(page_of(admin_client, pk)))
    admin_client.post(page_of(admin_client, pk) + "2/restore/")

    assert f'href="{page_of(admin_client, pk)}">load</a>' in listed
    assert "Bring back" in page
    assert Strategy.objects.get().pk == pk


def test_the_newest_revision_has_nothing_to_restore(admin_client, strategy):
    page = text(admin_client.get(page_of(admin_client, strategy.pk)))

    assert "/1/restore/" not in page


def test_viewers_read_the_history_and_restore_nothing(strategy):
    change(strategy, name="renamed")
    viewer, space = client_of("viewer", strategy.space)

    page = text(viewer.get(f"/s/{space.slug}/strategies/{strategy.pk}/history/"))

    assert "renamed" in page
    assert "/restore/" not in page


def test_a_long_history_comes_in_pages_of_the_same_cost(
    admin_client, strategy, django_assert_max_num_queries
):
    for n in range(30):
        change(strategy, interval_s=60 + n)

    with django_assert_max_num_queries(15):
        page = admin_client.get(page_of(admin_client, strategy.pk))

    assert len(page.context["revisions"]) == 20
    older = admin_client.get(
        page_of(admin_client, strategy.pk), {"cursor": page.context["page"].next}
    )
    assert [one.revision.number for one in older.context["revisions"]] == list(
        range(10, 0, -1)
    )
    assert all(one.changes for one in older.context["revisions"][:-1])


def test_a_strategy_without_a_history_says_so(admin_client):
    strategy = make_strategy(admin_client.space)

    page = text(admin_client.get(page_of(admin_client, strategy.pk)))

    assert "It is older than its history" in page
    assert not StrategyRevision.objects.exists()
