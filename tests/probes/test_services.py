from datetime import UTC, datetime, timedelta

import pytest
from django.db import connection

from bkmonitor.lib.errors import InvalidInput
from bkmonitor.probes import running
from bkmonitor.probes.kinds.look import Look, Outcome
from bkmonitor.probes.models import Heartbeat, Ping, Probe
from bkmonitor.probes.services import (
    claim_due_probes,
    delete_heartbeat,
    delete_probe,
    prune_pings,
    run_probes,
    save_heartbeat,
    save_probe,
)
from tests.factories import NOON, make_heartbeat, make_probe, make_space

pytestmark = pytest.mark.django_db
TICK = int(NOON.timestamp())
SECOND = timedelta(seconds=1)


class FakeKind:
    """A kind of probe that sees what it is told, and remembers its targets."""

    def __init__(self, *looks):
        self.looks, self.seen = list(looks), []

    def check(self, target, settings):
        if "unknown" in settings:
            raise InvalidInput("HTTP has no setting unknown")

    def look(self, targets, *, allow_private):
        self.seen += [target.address for target in targets]
        return [self.looks.pop(0) for _target in targets]


@pytest.fixture
def kind(monkeypatch):
    """Replace the looks at HTTP targets."""

    def see(*looks):
        fake = FakeKind(*looks)
        monkeypatch.setattr(running, "KINDS", {"http": fake})
        return fake

    return see


UP = Look(Outcome.UP, 0.5, http_status=200)
DOWN = Look(Outcome.DOWN, 1.5, "connection refused")
HELD = Look(Outcome.NOT_JUDGED, 0.0, "network is unreachable")


def run(*probes, tick=TICK, late_s=0):
    clock = lambda zone: datetime.fromtimestamp(tick + late_s, zone)  # noqa: E731
    return run_probes([probe.pk for probe in probes], tick, clock=clock)


def save(space=None, *, probe=None, **fields):
    return save_probe(space or make_space(), fields, by=None, now=NOON, probe=probe)


def test_a_probe_is_made_and_runs_at_once():
    probe = save(name="shop", kind="http", target="https://shop.example/")

    probe.refresh_from_db()
    assert (probe.next_run_at, probe.state, probe.settings) == (NOON, "new", {})


def test_settings_are_sealed_in_the_database():
    fields = {"headers": {"Authorization": "Bearer secret"}}
    probe = save(name="a", kind="http", target="http://a.example/", settings=fields)

    with connection.cursor() as cursor:
        cursor.execute("SELECT settings FROM probes_probe")
        assert "secret" not in cursor.fetchone()[0]
    assert Probe.objects.get(pk=probe.pk).settings == fields


@pytest.mark.parametrize(
    ("fields", "wrong"),
    [
        ({"name": ""}, "name"),
        ({"kind": "dns"}, "kind"),
        ({"target": "shop.example"}, "target"),
        ({"settings": {"method": "BREW"}}, "method"),
        ({"interval_s": 9}, "interval_s"),
        ({"interval_s": 10, "timeout_s": 11}, "timeout_s"),
        ({"timeout_s": 61}, "timeout_s"),
        ({"severity": 4}, "severity"),
        ({"trigger_window": 101}, "trigger_count"),
        ({"trigger_count": 2}, "trigger_count"),
        ({"recovery_window": 0}, "recovery_window"),
        ({"labels": {"1a": "b"}}, "labels"),
        ({"runbook_url": "javascript:1"}, "runbook_url"),
        ({"kind": "tcp"}, "target"),
        ({"kind": "icmp", "target": "a.example", "settings": {"x": 1}}, "settings"),
    ],
)
def test_what_is_wrong_of_a_probe_is_told_by_field(fields, wrong):
    sound = {"name": "shop", "kind": "http", "target": "http://shop.example/"}

    with pytest.raises(InvalidInput) as refused:
        save(**sound | fields)

    assert list(refused.value.fields) == [wrong]
    assert not Probe.objects.exists()


def test_an_unknown_field_is_refused():
    with pytest.raises(InvalidInput, match="no field state"):
        save(name="a", kind="http", target="http://a.example/", state="up")


def test_two_probes_of_a_space_have_two_names():
    probe = make_probe(name="shop")

    with pytest.raises(InvalidInput):
        save(probe.space, name="shop", kind="http", target="http://a.example/")


def test_what_was_seen_of_another_target_is_forgotten():
    probe = make_probe(results=[[TICK, 0, 1.0, "x"]], state="down")

    save(probe=probe, severity=2)
    assert Probe.objects.get().results
    save(probe=probe, target="http://b.example/")

    probe.refresh_from_db()
    assert (probe.results, probe.state, probe.severity) == ([], "new", 2)


def test_due_probes_are_claimed_once():
    probes = [make_probe(), make_probe(next_run_at=NOON - SECOND)]
    make_probe(enabled=False)
    make_probe(next_run_at=NOON + SECOND)

    first, second = claim_due_probes(NOON), claim_due_probes(NOON)

    assert [(claim.tick, sorted(claim.ids)) for claim in first] == [
        (TICK, sorted(probe.pk for probe in probes))
    ]
    assert second == []


def test_missed_ticks_are_caught_up_once():
    make_probe(next_run_at=NOON - timedelta(hours=3))

    claimed = [claim_due_probes(NOON + n * SECOND) for n in range(60)]

    assert sum(bool(claims) for claims in claimed[1:]) == 1
    assert len(claimed[0]) == 1


def test_probes_made_together_do_not_stay_together():
    probes = [make_probe() for _ in range(20)]

    claim_due_probes(NOON)

    nexts = {Probe.objects.get(pk=probe.pk).next_run_at for probe in probes}
    assert len(nexts) > 10
    assert all(NOON < at <= NOON + timedelta(minutes=1) for at in nexts)


def test_who_waits_long_does_not_hold_up_the_others():
    quick, patient = make_probe(), make_probe(timeout_s=60)

    claims = claim_due_probes(NOON)

    assert [claim.ids for claim in claims] == [(quick.pk,), (patient.pk,)]


def test_claims_are_cut_into_batches():
    for _ in range(5):
        make_probe()

    assert [len(c.ids) for c in claim_due_probes(NOON, limit=4, batch=3)] == [3, 1]


def test_a_run_is_remembered_on_the_row_and_given_as_samples(kind):
    kind(UP, DOWN, HELD)
    space = make_space()
    probes = [make_probe(space, name=name) for name in "abc"]

    report = run(*probes)

    rows = {p.name: p for p in Probe.objects.all()}
    assert rows["a"].results == [[TICK, 1, 0.5, ""]]
    assert rows["b"].results == [[TICK, 0, 1.5, "connection refused"]]
    assert rows["c"].results == [[TICK, None, 0.0, "network is unreachable"]]
    assert [rows[n].state for n in "abc"] == ["up", "down", "unknown"]
    assert {row.last_run_at for row in rows.values()} == {NOON}
    lines = report.samples[space.slug].decode()
    assert f'probe="a"}} 1 {TICK * 1000}\n' in lines
    assert f'probe="b"}} 0 {TICK * 1000}\n' in lines
    assert 'probe="c"' not in lines


def test_all_rows_are_written_by_one_statement(kind, django_assert_num_queries):
    probes = [make_probe() for _ in range(10)]
    kind(*[UP] * 10)

    # One reads, one writes, one looks what is still the same.
    with django_assert_num_queries(3):
        run(*probes)


def test_the_newest_results_are_kept(kind):
    probe = make_probe(results=[[n, 1, 0.0, ""] for n in range(60)])
    kind(UP)

    run(probe)

    probe.refresh_from_db()
    assert len(probe.results) == 60
    assert probe.results[0][0] == 1
    assert probe.results[-1][0] == TICK


def test_a_long_window_keeps_more(kind):
    old = [[n, 1, 0.0, ""] for n in range(200)]
    probe = make_probe(results=old, trigger_window=90, recovery_window=20)
    kind(UP)

    run(probe)

    assert len(Probe.objects.get().results) == 110


def test_a_run_that_comes_twice_looks_once_and_reports_twice(kind):
    probe = make_probe()
    seen = kind(UP, DOWN).seen

    first, again = run(probe), run(probe)

    assert len(seen) == 1
    assert [p.results for p in again.probes] == [p.results for p in first.probes]
    assert again.samples == {}


def test_runs_that_piled_up_are_one_look(kind):
    probe = make_probe()
    seen = kind(UP, DOWN).seen

    run(probe, tick=TICK, late_s=100)
    run(probe, tick=TICK + 10, late_s=91)

    assert len(seen) == 1
    assert Probe.objects.get().results[-1][0] == TICK + 100


def test_a_disabled_probe_is_not_run(kind):
    seen = kind(UP).seen

    run(make_probe(enabled=False))

    assert seen == []


def test_what_was_seen_of_a_target_that_was_changed_meanwhile_is_no_verdict(kind):
    probe = make_probe(target="http://old.example/")

    class Edits(FakeKind):
        def look(self, targets, *, allow_private):
            save(probe=Probe.objects.get(), target="http://new.example/")
            return [DOWN]

    kind().look = Edits().look

    report = run(probe)

    probe.refresh_from_db()
    assert (probe.target, probe.state, probe.results) == (
        "http://new.example/", "new", [],
    )  # fmt: skip
    assert report.probes == ()


def test_settings_that_are_not_known_any_more_do_not_stop_the_others(kind):
    strange, sound = make_probe(settings={"unknown": 1}), make_probe()
    kind(UP)

    run(strange, sound)

    strange.refresh_from_db()
    sound.refresh_from_db()
    assert (strange.state, sound.state) == ("unknown", "up")
    assert strange.results[-1][3] == "HTTP has no setting unknown"


def test_the_expiry_of_a_certificate_is_kept_while_the_target_is_down(kind):
    probe = make_probe()
    kind(Look(Outcome.UP, 0.1, certificate_expires_at=1900000000), DOWN, UP)
    expiry = []

    for n in range(3):
        run(probe, tick=TICK + n)
        expiry.append(Probe.objects.get().certificate_expires_at)

    assert expiry == [datetime.fromtimestamp(1900000000, UTC)] * 2 + [None]


def test_deleting_a_heartbeat_deletes_its_pings():
    heartbeat = make_heartbeat()
    Ping.objects.create(heartbeat=heartbeat, at=NOON, kind="success", method="GET")

    delete_heartbeat(heartbeat)
    delete_probe(make_probe())

    assert not Ping.objects.exists()
    assert not Probe.objects.exists()


@pytest.mark.parametrize(
    ("fields", "wrong"),
    [({"period_s": 1}, "period_s"), ({"grace_s": 0}, "grace_s"), ({"name": ""}, "name")],
)  # fmt: skip
def test_what_is_wrong_of_a_heartbeat_is_told_by_field(fields, wrong):
    with pytest.raises(InvalidInput) as refused:
        save_heartbeat(make_space(), {"name": "a"} | fields, by=None, now=NOON)

    assert list(refused.value.fields) == [wrong]


def test_a_new_heartbeat_waits_for_its_first_ping():
    heartbeat = save_heartbeat(make_space(), {"name": "a"}, by=None, now=NOON)

    assert (heartbeat.state, heartbeat.deadline_at) == ("new", None)


def change(heartbeat, *, at=NOON, **fields):
    save_heartbeat(heartbeat.space, fields, by=None, now=at, heartbeat=heartbeat)
    return Heartbeat.objects.get(pk=heartbeat.pk)


def test_another_period_moves_the_deadline_and_is_judged():
    heartbeat = make_heartbeat(last_ping_at=NOON, state="up", grace_s=60)

    changed = change(heartbeat, period_s=600)

    assert changed.deadline_at == NOON + timedelta(seconds=660)
    assert changed.ring_at == NOON


def test_enabled_again_it_starts_afresh():
    heartbeat = make_heartbeat(
        last_ping_at=NOON, last_failed=True, state="down", period_s=600, grace_s=60
    )

    off = change(heartbeat, enabled=False)
    assert (off.deadline_at, off.ring_at) == (None, None)
    later = NOON + timedelta(days=3)
    on = change(off, at=later, enabled=True)

    assert on.deadline_at == later + timedelta(seconds=660)
    assert not on.last_failed


def test_old_pings_are_pruned_by_heartbeat():
    many, few = make_heartbeat(), make_heartbeat()
    for heartbeat, count in ((many, 5), (few, 2)):
        for n in range(count):
            Ping.objects.create(
                heartbeat=heartbeat, at=NOON + n * SECOND, kind="success", method="GET"
            )

    assert prune_pings(keep=3) == 2
    assert [ping.at for ping in many.pings.all()] == [
        NOON + n * SECOND for n in (4, 3, 2)
    ]
    assert few.pings.count() == 2
