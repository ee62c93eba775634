from datetime import timedelta

import pytest
from django.template import Context, Template
from django.utils import timezone, translation

from bkmonitor.web.durations import duration
from bkmonitor.web.templatetags import page
from tests.factories import NOON


def render(source, **context):
    return Template("{% load page %}" + source).render(Context(context))


@pytest.mark.parametrize(
    ("seconds", "words"),
    [
        (0, "0 s"),
        (0.25, "250 ms"),
        (59, "59 s"),
        (200, "3 min 20 s"),
        (1860, "31 min"),
        (7500, "2 h 5 min"),
        (86400, "1 d"),
        (90000, "1 d 1 h"),
        (30 * 86400 + 3600, "30 d"),
    ],
)
def test_durations_have_at_most_two_units(seconds, words):
    assert duration(seconds) == words


def test_a_severity_is_a_shape_and_a_word():
    shown = render("{% severity 2 %}")

    assert "#alert-triangle-filled" in shown
    assert "Warning" in shown


def test_bars_differ_in_height_and_say_in_words_what_they_show():
    shown = page.bars([[0, 1, 0.1, ""], [60, 0, 1.0, "refused"]], 2, most=3)

    assert 'aria-label="Last 2 looks: 1 up, 1 down"' in shown
    assert '<path class="down sev-2" d="M12 0h4v24h-4z"/>' in shown
    assert '<path class="up" d="M6 8h4v16h-4z"/>' in shown


def test_what_a_server_answered_cannot_break_out_of_its_bar():
    shown = page.bars_wide([[0, 0, None, "<script>"]], 1, most=1)

    assert "&lt;script&gt;" in shown
    assert "<script>" not in shown


def test_moments_are_in_the_readers_zone():
    with timezone.override("Asia/Shanghai"):
        assert "2026-03-02 20:00:00</time>" in str(page.moment(NOON))


def test_the_age_of_a_moment_tells_its_date_too():
    shown = str(page.ago(timezone.now() - timedelta(minutes=31)))

    assert "31 min ago" in shown
    assert "title=" in shown


def test_labels_lead_to_the_list_of_those_that_have_them():
    shown = render('{% labels of "/alerts/" %}', of={"path": "/a b", "space": "x"})

    assert 'href="/alerts/?q=path%3D%2Fa%20b"' in shown
    assert "space=" not in shown


def test_a_state_nobody_described_shows_its_own_name():
    with translation.override("en"):
        assert "odd" in render('{% pill "odd" %}')
