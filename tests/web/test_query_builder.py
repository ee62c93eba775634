import json

import pytest

from bkmonitor.lib.http import Answer
from bkmonitor.metrics.tsdb.current import replaced_by
from bkmonitor.metrics.tsdb.port import Result
from bkmonitor.strategies.models import Strategy
from bkmonitor.strategies.structured import from_promql
from tests.factories import make_strategy
from tests.fakes import FakeTsdb
from tests.web.clients import client_of, text
from tests.web.editor import typed

pytestmark = pytest.mark.django_db
BUILT = {
    "query-mode": "builder",
    "b-q0-alias": "a",
    "b-q0-metric": "load",
    "b-q0-c0-label": "host",
    "b-q0-c0-operator": "include",
    "b-q0-c0-values": "web",
    "b-q0-over_time": "rate",
    "b-q0-window_0": "5",
    "b-q0-window_1": "60",
    "b-q0-over_labels": "sum",
    "b-q0-by": "host, job",
}
PROMQL = 'sum by (host, job) (rate(load{host=~".*web.*"}[5m]))'


@pytest.fixture
def ask(admin_client):
    """Send the builder's part of the form, with a verb; return the answer's text."""

    def ask(do, fields=BUILT, **more):
        url = f"/s/{admin_client.space.slug}/strategies/builder/"
        return text(admin_client.post(url, {**fields, "do": do, **more}))

    return ask


def written(expression):
    return {"query-mode": "promql", "expression": expression}


def shown(html, name):
    """Tell whether there is an input of that name."""
    return f'name="{name}"' in html


def test_what_is_built_is_told_as_promql(ask):
    assert "load{host=~&quot;.*web.*&quot;}[5m]" in ask("tell")


@pytest.mark.parametrize(
    ("change", "told"),
    [
        ({"b-q0-metric": ""}, "query a, Metric: choose one"),
        ({"b-q0-window_0": ""}, "query a, over: say how long"),
        ({"b-q0-c0-values": ""}, "query a, Values: This field is required."),
        ({"b-q0-c0-label": ""}, "query a, Label: This field is required."),
        ({"b-q0-c0-label": "a b"}, "must be the name of a label, not &#x27;a b&#x27;"),
        ({"b-q0-over_labels": "quantile"}, "query a, Its number: give it"),
        ({"b-q0-f0-function": "topk"}, "query a, Its number: give it"),
        ({"b-q0-over_time": "mode"}, "query a, Over time: Select a valid choice."),
        ({"b-expression": "a / b"}, "which is none of a"),
        ({"b-expression": "a > 3"}, "expression may not have"),
        ({"b-q1-alias": "b", "b-q1-metric": "x"}, "expression must join the queries a, b"),
    ],
)  # fmt: skip
def test_what_is_missing_is_told_in_words(ask, change, told):
    assert told in ask("tell", BUILT | change)


def test_what_is_wrong_is_told_in_the_readers_language(admin_client, catalogue):
    admin_client.user.language = "zh-hans"
    admin_client.user.save()
    url = f"/s/{admin_client.space.slug}/strategies/builder/"

    page = text(admin_client.post(url, BUILT | {"b-expression": "c", "do": "tell"}))
    note = text(admin_client.post(url, written("a > 1") | {"do": "to-builder"}))

    assert "不是 a 之一" in page
    assert "请把阈值写到告警级别里" in note


def test_rows_that_say_nothing_do_not_count(ask):
    empty = {"b-q0-c1-label": "", "b-q0-c1-values": "", "b-q0-f0-function": ""}

    assert "load{host=~&quot;.*web.*&quot;}[5m]" in ask("tell", BUILT | empty)


def test_or_begins_a_new_group(ask):
    other = {"b-q0-c1-join": "or", "b-q0-c1-label": "job", "b-q0-c1-operator": "=", "b-q0-c1-values": "x"}  # fmt: skip

    told = ask("tell", BUILT | other)

    assert "(rate(load{host=~&quot;.*web.*&quot;}[5m]) or rate(load{job=&quot;x&quot;}[5m]))" in told  # fmt: skip


def test_promql_is_taken_into_the_builder(ask):
    page = ask("to-builder", written(PROMQL))

    assert 'name="b-q0-metric" value="load"' in page
    assert 'value="include" selected' in page
    assert 'name="b-q0-by" value="host, job"' in page
    assert not shown(page, "expression")


def test_an_empty_expression_begins_with_one_query(ask):
    page = ask("to-builder", written("  "))

    assert shown(page, "b-q0-metric")
    assert not shown(page, "b-q1-metric")


@pytest.mark.parametrize(
    ("expression", "part"),
    [
        ("label_replace(up, 'a', 'b', 'c', 'd')", "the function label_replace"),
        ("up > 1", "the comparison up &gt; 1; give the limit to a level instead"),
        ('up{a="x\\ny"}', "a value of several lines"),
        ("up >", "not PromQL"),
    ],
)
def test_promql_that_has_no_place_in_the_builder_stays_and_says_why(ask, expression, part):  # fmt: skip
    page = ask("to-builder", written(expression))

    assert "This expression stays PromQL." in page
    assert part in page
    assert shown(page, "expression")
    assert not shown(page, "b-q0-metric")


def test_the_builder_is_written_as_promql(ask):
    page = ask("to-promql")

    assert "sum by (host, job) (rate(load{host=~&quot;.*web.*&quot;}[5m]))" in page
    assert shown(page, "expression")
    assert not shown(page, "b-q0-metric")


def test_a_builder_that_is_not_done_is_not_thrown_away(ask):
    page = ask("to-promql", BUILT | {"b-q0-metric": ""})

    assert "no PromQL yet" in page
    assert 'value="host, job"' in page


def test_an_empty_builder_gives_an_empty_expression(ask):
    fields = {"b-q0-alias": "a", "b-q0-metric": "", "b-q0-window_0": "5", "b-q0-window_1": "60"}  # fmt: skip

    assert shown(ask("to-promql", fields), "expression")


@pytest.mark.parametrize(
    ("kind", "place", "name"),
    [
        ("q", "b", "b-q1-metric"),
        ("c", "b-q0", "b-q0-c1-label"),
        ("f", "b-q0", "b-q0-f0-function"),
        ("f", "b", "b-f0-function"),
        ("shift", "b-q0", "b-q0-shift_0"),
    ],
)
def test_a_block_is_put_in_and_has_the_focus(ask, kind, place, name):
    page = ask("add", place=place, kind=kind)

    (tag,) = [tag for tag in page.split("<") if f'name="{name}"' in tag]
    assert "autofocus" in tag
    assert 'value="load"' in page


def test_a_block_is_taken_out_and_its_button_has_the_focus(ask):
    page = ask("drop", place="b-q0-c0")

    (tag,) = [tag for tag in page.split("<") if "autofocus" in tag]
    assert "&quot;kind&quot;:&quot;c&quot;" in tag
    assert not shown(page, "b-q0-c0-label")


@pytest.mark.parametrize(
    "odd",
    [
        {"place": "b-q9", "kind": "c"},
        {"place": "b-q0-c9-x", "kind": ""},
        {"place": "", "kind": "nonsense"},
        {"b-q0-c0-x-y": "1", "b-q999999-metric": "m"},
        {"b-q0-window_1": "many", "b-q0-argument": "x"},
        {"b-q0-c0-values": "a\0b"},
    ],
)
@pytest.mark.parametrize("do", ["add", "drop", "tell", "to-promql", "to-builder", ""])
def test_whatever_is_sent_is_answered(ask, do, odd):
    assert ask(do, {**BUILT, **odd})


def test_what_was_built_is_saved_with_its_promql(admin_client):
    space = admin_client.space

    answer = admin_client.post(f"/s/{space.slug}/strategies/new/", typed() | BUILT)

    made = Strategy.objects.get(space=space)
    assert answer.status_code == 302
    assert made.expression == PROMQL
    assert made.query == from_promql(PROMQL) | {"expression": ""}


def test_what_is_written_is_saved_without_a_query(admin_client):
    strategy = make_strategy(admin_client.space, query=from_promql("up"))
    url = f"/s/{admin_client.space.slug}/strategies/{strategy.pk}/edit/"

    admin_client.post(url, typed() | BUILT | written("sum(up)"))

    strategy.refresh_from_db()
    assert (strategy.expression, strategy.query) == ("sum(up)", None)


def test_what_is_not_done_is_not_saved_and_stays_as_it_was_typed(admin_client):
    space = admin_client.space
    sent = typed() | BUILT | {"b-q0-window_0": ""}

    page = text(admin_client.post(f"/s/{space.slug}/strategies/new/", sent))

    assert "query a, over: say how long" in page
    assert 'value="host, job"' in page
    assert "sent-back" in page
    assert not Strategy.objects.exists()


def test_the_editor_opens_with_what_was_built_and_with_what_was_written(admin_client):
    space = admin_client.space
    built = make_strategy(space, expression=PROMQL, query=from_promql(PROMQL))
    plain = make_strategy(space, expression=PROMQL)
    lines = make_strategy(space, expression="up", query=from_promql('up{a="x\\ny"}'))
    pages = [
        text(admin_client.get(f"/s/{space.slug}/strategies/{each.pk}/edit/"))
        for each in (built, plain, lines)
    ]

    assert [shown(page, "b-q0-metric") for page in pages] == [True, False, False]
    assert [shown(page, "expression") for page in pages] == [False, True, True]


def test_the_preview_shows_what_is_built(admin_client):
    store = FakeTsdb(result=Result("failed", None, "down"))
    with replaced_by(store):
        admin_client.post(
            f"/s/{admin_client.space.slug}/strategies/preview/", typed() | BUILT
        )

    assert store.asked[0][2] == [("query", PROMQL)]


@pytest.mark.parametrize(
    ("of", "typed", "path", "match", "proposed"),
    [
        ("b-q0-metric", {"b-q0-metric": "we"}, "label/__name__/values", '{__name__=~"(?i).*we.*"}', ["web-1", "web-2"]),
        ("b-q0-c0-label", {"b-q0-c0-label": ""}, "labels", '{__name__="load"}', ["db", "web-1", "web-2"]),
        ("b-q0-c0-values", {}, "label/host/values", '{__name__="load"}', ["web-1", "web-2"]),
        ("b-q0-c0-values", {"b-q0-c0-values": "db, w"}, "label/host/values", '{__name__="load"}', ["db, web-1", "db, web-2"]),
        ("b-q0-by", {"b-q0-by": "job,"}, "labels", '{__name__="load"}', ["job, db", "job, web-1", "job, web-2"]),
    ],
)  # fmt: skip
def test_the_store_proposes_how_to_go_on(admin_client, of, typed, path, match, proposed):  # fmt: skip
    names = json.dumps({"data": ["web-2", "web-1", "db"]}).encode()
    store = FakeTsdb(answer=Answer(200, {}, names))
    url = f"/s/{admin_client.space.slug}/strategies/builder/complete/"
    with replaced_by(store):
        page = text(admin_client.post(url, {**BUILT, **typed, "of": of}))

    assert page == "".join(f'<option value="{each}"></option>' for each in proposed)
    ((space, asked, parameters),) = store.asked
    assert (space, asked) == (admin_client.space.slug, path)
    assert dict(parameters)["match[]"] == match


@pytest.mark.parametrize("of", ["", "b-q9-metric", "name", "b-q0-c7-values", "-"])
def test_for_what_is_no_input_nothing_is_proposed(admin_client, of):
    url = f"/s/{admin_client.space.slug}/strategies/builder/complete/"
    with replaced_by(FakeTsdb(down=True)):
        answer = admin_client.post(url, {**BUILT, "of": of})

    assert (answer.status_code, answer.content.strip()) == (200, b"")


@pytest.mark.parametrize("path", ["builder/", "builder/complete/"])
def test_only_editors_of_the_space_build(path):
    viewer, space = client_of("viewer")
    stranger, _own = client_of("admin")
    url = f"/s/{space.slug}/strategies/{path}"

    assert viewer.post(url, BUILT).status_code == 403
    assert stranger.post(url, BUILT).status_code == 404
    assert viewer.get(url).status_code in (403, 405)
