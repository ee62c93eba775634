from datetime import timedelta

import pytest
from django.db import IntegrityError, transaction

from bkmonitor.accounts import bulk
from bkmonitor.alerts.models import Alert, Note
from tests.factories import NOON, make_alert, make_space

pytestmark = pytest.mark.django_db
# Everything that ends something in one of the ways in which rows are sent.
ODD = "tab\t line\nreturn\r back\\slash \\N null {brace} 'quote' \"double\" 警告 😀"


def one_alert(space, number, **fields):
    return Alert(
        space=space, source_kind="strategy", source_id=1, source_name=f"s{number}",
        labels={"host": str(number)}, fingerprint=f"{number:016x}",
        open_key=f"strategy:1:{number}", severity=1, started_at=NOON, **fields,
    )  # fmt: skip


def test_what_is_inserted_is_read_back_as_it_was():
    space = make_space()
    values = {
        "summary": ODD, "sentence": {"id": ODD, "params": {ODD: [1, 2.5, None, True]}},
        "value": -1.5e-300, "missing_since": NOON + timedelta(microseconds=1),
    }  # fmt: skip
    row = one_alert(space, 1, **values)

    bulk.insert([row])

    stored = Alert.objects.get()
    assert stored.pk == row.pk
    assert {name: getattr(stored, name) for name in values} == values
    assert (stored.value, stored.ended_at, stored.acked_by) == (-1.5e-300, None, None)


def test_many_rows_get_keys_of_their_own_and_go_on_as_saved():
    space = make_space()
    rows = [one_alert(space, number) for number in range(1200)]

    bulk.insert(rows)
    rows[0].severity = 3
    rows[0].save(update_fields=["severity"])

    assert len({row.pk for row in rows}) == Alert.objects.count() == 1200
    assert make_alert(space).pk not in {row.pk for row in rows}


def test_a_row_of_another_is_told_by_its_key():
    alert = make_alert()

    bulk.insert([Note(alert=alert, kind="comment", at=NOON, text=ODD)])

    assert alert.notes.get().text == ODD


def test_only_the_named_fields_are_written():
    space = make_space()
    rows = [one_alert(space, number) for number in range(3)]
    bulk.insert(rows)
    for row in rows:
        row.summary, row.severity, row.value = ODD, 2, None
        row.sentence = {"id": ODD}

    bulk.update(rows[:2], ["summary", "sentence", "value"])

    first, second, third = Alert.objects.order_by("pk")
    assert first.summary == second.summary == ODD
    assert first.sentence == {"id": ODD}
    assert (first.severity, first.value, third.summary) == (1, None, "")


def test_a_row_that_is_gone_is_left_out():
    alert = make_alert()
    Alert.objects.all().delete()
    alert.pk = 1

    bulk.update([alert], ["severity"])

    assert not Alert.objects.exists()


def test_nothing_is_no_statement(django_assert_num_queries):
    with django_assert_num_queries(0):
        bulk.insert([])
        bulk.update([], ["severity"])


def test_a_constraint_that_is_broken_writes_nothing_of_the_batch():
    space = make_space()
    twice = [one_alert(space, 1), one_alert(space, 1)]

    with pytest.raises(IntegrityError), transaction.atomic():
        bulk.insert(twice)

    assert not Alert.objects.exists()
