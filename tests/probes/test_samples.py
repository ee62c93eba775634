from bkmonitor.probes.kinds.look import Look, Outcome
from bkmonitor.probes.samples import label_set, write_samples


def test_a_look_is_written_under_the_names_of_blackbox_exporter():
    labels = label_set("shop", "https://shop.example/", {"team": 'a"b\\c\nd'})
    look = Look(
        Outcome.UP,
        0.25,
        http_status=200,
        certificate_expires_at=1800000000,
        phases={"resolve": 0.1},
    )
    mark = (
        r'team="a\"b\\c\nd",job="probe",instance="https://shop.example/",probe="shop"'
    )

    assert write_samples(labels, look, 1700000000123).splitlines() == [
        f"probe_success{{{mark}}} 1 1700000000123",
        f"probe_duration_seconds{{{mark}}} 0.25 1700000000123",
        f"probe_http_status_code{{{mark}}} 200 1700000000123",
        f"probe_ssl_earliest_cert_expiry{{{mark}}} 1800000000 1700000000123",
        f'probe_phase_seconds{{{mark},phase="resolve"}} 0.1 1700000000123',
    ]


def test_a_look_that_failed_says_so():
    lines = write_samples({"probe": "a"}, Look(Outcome.DOWN, 10.0, "refused"), 1)

    assert lines.splitlines() == [
        'probe_success{probe="a"} 0 1',
        'probe_duration_seconds{probe="a"} 10 1',
    ]


def test_a_look_that_was_not_judged_leaves_a_gap():
    assert write_samples({}, Look(Outcome.NOT_JUDGED, 1.0, "no route"), 1) == ""


def test_a_label_of_the_user_does_not_replace_one_of_the_probe():
    assert label_set("a", "b", {"job": "mine", "probe": "x"}) == {
        "job": "probe",
        "instance": "b",
        "probe": "a",
    }
