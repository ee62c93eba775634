"""Every page of a space from nobody, from another space, and with too little."""

from dataclasses import dataclass, field

import pytest
from django.test import Client
from django.urls import get_resolver, reverse

from bkmonitor.accounts.access import ORDER
from bkmonitor.strategies.services import save_strategy
from tests.factories import (
    NOON,
    make_alert,
    make_calendar,
    make_heartbeat,
    make_item,
    make_member,
    make_probe,
    make_receiver,
    make_scrape_target,
    make_space,
    make_strategy,
    make_token,
)

pytestmark = pytest.mark.django_db
ANY = {"severity": 1, "detectors": [{"kind": "present"}]}


@dataclass(frozen=True)
class Page:
    """What it takes to see a page or to use a form: the least role, and a row."""

    role: str = "viewer"
    make: object = None
    # What else the URL takes; a function of the row where it hangs on that.
    more: dict = field(default_factory=dict)


def saved_strategy(space):
    """Return a strategy that has a history."""
    fields = {"name": "x", "expression": "x > 1", "levels": [ANY]}
    return save_strategy(space, fields, by=None, now=NOON)


def written_calendar(space):
    """Return a calendar with one item."""
    return make_item(make_calendar(space)).calendar


OF_ITEM = {"item_pk": lambda calendar: calendar.items.get().pk}
# A new page of a space has to be entered here, or the first test fails.
PAGES = {
    "overview": Page(),
    "ingest": Page(),
    "system": Page(),
    "installation": Page("operator"),
    "alerts": Page(),
    "alert": Page(make=make_alert),
    "alert_chart": Page(make=make_alert),
    "alert_acknowledge": Page("responder", make_alert),
    "alert_unacknowledge": Page("responder", make_alert),
    "alert_comment": Page("responder", make_alert),
    "strategies": Page(),
    "strategy_new": Page("editor"),
    "strategy_preview": Page("editor"),
    "strategy_levels": Page("editor"),
    "rules_import": Page("editor"),
    "rules_export": Page(),
    "strategy": Page(make=make_strategy),
    "strategy_edit": Page("editor", make_strategy),
    "strategy_series": Page(make=make_strategy),
    "strategy_switch": Page("editor", make_strategy),
    "strategies_deleted": Page(),
    "query_builder": Page("editor"),
    "query_complete": Page("editor"),
    "composite_new": Page("editor"),
    "composite_check": Page("editor"),
    "composite_member": Page("editor"),
    "composite_names": Page("editor"),
    "gallery": Page(),
    "gallery_use": Page("editor", more={"key": "host-cpu"}),
    "strategy_history": Page(make=saved_strategy),
    "strategy_restore": Page("editor", saved_strategy, {"number": 1}),
    "strategy_remove": Page("editor", make_strategy),
    "calendars": Page(),
    "calendar_new": Page("editor"),
    "calendar": Page(make=written_calendar),
    "calendar_edit": Page("editor", make_calendar),
    "calendar_import": Page("editor", make_calendar),
    "calendar_remove": Page("editor", make_calendar),
    "calendar_item_new": Page("editor", make_calendar),
    "calendar_item": Page("editor", written_calendar, OF_ITEM),
    "calendar_item_remove": Page("editor", written_calendar, OF_ITEM),
    "probes": Page(),
    "probe_new": Page("editor"),
    "probe": Page(make=make_probe),
    "probe_chart": Page(make=make_probe),
    "probe_uptime": Page(make=make_probe),
    "probe_edit": Page("editor", make_probe),
    "probe_run": Page("editor", make_probe),
    "probe_switch": Page("editor", make_probe),
    "probe_remove": Page("editor", make_probe),
    "heartbeats": Page(),
    "heartbeat_new": Page("editor"),
    "heartbeat": Page(make=make_heartbeat),
    "heartbeat_edit": Page("editor", make_heartbeat),
    "heartbeat_switch": Page("editor", make_heartbeat),
    "heartbeat_remove": Page("editor", make_heartbeat),
    "receivers": Page(),
    "receiver_new": Page("editor"),
    "receiver": Page(make=make_receiver),
    "receiver_edit": Page("editor", make_receiver),
    "receiver_test": Page("editor", make_receiver),
    "receiver_confirm": Page("editor", make_receiver),
    "receiver_remove": Page("editor", make_receiver),
    "targets": Page(),
    "target_new": Page("editor"),
    "target_edit": Page("editor", make_scrape_target),
    "target_remove": Page("editor", make_scrape_target),
    "tokens": Page("admin"),
    "token_new": Page("admin"),
    "token_revoke": Page("admin", lambda space: make_token(space)[0]),
    "members": Page("admin"),
    "member_new": Page("admin"),
    "member_role": Page("admin", make_member),
    "member_invitation": Page("admin", make_member),
    "member_remove": Page("admin", make_member),
}
ROLES = (*ORDER, "operator")
ROWS = [name for name, page in PAGES.items() if page.make]
MORE_THAN_VIEWED = [name for name, page in PAGES.items() if page.role != "viewer"]


def pages_of_a_space(patterns=None, prefix=""):
    """Return the names of all routes below a space."""
    names = set()
    for pattern in patterns or get_resolver("bkmonitor.web.urls").url_patterns:
        route = prefix + str(pattern.pattern)
        if hasattr(pattern, "url_patterns"):
            names |= pages_of_a_space(pattern.url_patterns, route)
        elif "<slug:slug>" in route:
            names.add(pattern.name)
    return names


def log_in(space, role="viewer"):
    client, operates = Client(), role == "operator"
    member = make_member(space, role="admin" if operates else role)
    member.user.is_superuser = operates
    member.user.save()
    client.force_login(member.user)
    return client


def ask(client, name, space, row=None):
    """Ask by the method the page takes; a GET first."""
    more = {k: v(row) if callable(v) else v for k, v in PAGES[name].more.items()}
    kwargs = {"slug": space.slug} | ({"pk": row.pk} if row else {}) | more
    url = reverse(name, kwargs=kwargs)
    answer = client.get(url)
    return client.post(url) if answer.status_code == 405 else answer


def row_in(space, name):
    make = PAGES[name].make
    return make(space) if make else None


def test_this_table_holds_every_page():
    assert pages_of_a_space() == set(PAGES)


@pytest.mark.parametrize("name", PAGES)
def test_nobody_is_led_to_the_login(name):
    space = make_space()

    answer = ask(Client(), name, space, row_in(space, name))

    assert answer.status_code == 302
    assert answer["Location"].startswith("/login/?next=")


@pytest.mark.parametrize("name", PAGES)
def test_another_space_is_not_there(name):
    other = make_space()

    answer = ask(log_in(make_space(), "admin"), name, other, row_in(other, name))

    assert answer.status_code == 404


@pytest.mark.parametrize("name", ROWS)
def test_another_spaces_row_is_not_there_below_ones_own(name):
    space = make_space()

    answer = ask(log_in(space, "admin"), name, space, row_in(make_space(), name))

    assert answer.status_code == 404


@pytest.mark.parametrize("name", MORE_THAN_VIEWED)
def test_the_role_below_is_not_enough(name):
    space = make_space()
    below = ROLES[ROLES.index(PAGES[name].role) - 1]

    answer = ask(log_in(space, below), name, space, row_in(space, name))

    assert answer.status_code == 403


@pytest.mark.parametrize("name", PAGES)
def test_the_role_itself_is_enough(name):
    space = make_space()

    answer = ask(log_in(space, PAGES[name].role), name, space, row_in(space, name))

    assert answer.status_code not in (401, 403, 404)
