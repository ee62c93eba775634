"""The supervisor's configuration is rendered whole or not at all."""

import configparser

import pytest

from bkmonitor.config.boot.supervisor import (
    GROUPS,
    TEMPLATE,
    filling,
    render,
)
from bkmonitor.config.variables import load
from bkmonitor.lib.errors import InvalidInput
from bkmonitor.pipeline.queues import QUEUES

VALUES = filling(
    load({"BKM_VM_WRITE_URL": "http://127.0.0.1:8428"}).values, "standalone"
)


def parsed(groups, without=()):
    text = render(TEMPLATE.read_text(), VALUES, groups=GROUPS[groups], without=without)
    parser = configparser.RawConfigParser(strict=True)
    parser.read_string(text)
    return parser


def programs(parser):
    return {name.partition(":")[2] for name in parser.sections() if "program:" in name}


def test_every_queue_has_exactly_one_program_of_its_own():
    found = {
        name: parser_value
        for name, parser_value in (
            (section, parsed("worker")[section]["command"])
            for section in parsed("worker").sections()
            if section.startswith("program:celery_worker")
        )
    }

    assert set(found) == {f"program:celery_worker_{queue}" for queue in QUEUES}
    for queue in QUEUES:
        assert f" -Q {queue} " in found[f"program:celery_worker_{queue}"]


@pytest.mark.parametrize("groups", GROUPS)
def test_no_signal_goes_to_a_whole_group_and_no_stop_waits_for_nothing(groups):
    parser = parsed(groups)

    for program in programs(parser):
        section = parser[f"program:{program}"]
        assert section["stopasgroup"] == "false", program
        assert section["killasgroup"] == "true", program
        assert int(section["stopwaitsecs"]) > 0, program
        assert "exec " in section["command"], program


def test_standalone_has_one_worker_on_every_queue_and_outlives_it_with_its_stores():
    parser = parsed("standalone")

    assert programs(parser) == {
        "web",
        "celery_worker",
        "celery_beat",
        "herald",
        "redis",
        "victoria_metrics",
    }
    assert f"-Q {','.join(QUEUES)} " in parser["program:celery_worker"]["command"]
    assert int(parser["group:stores"]["priority"]) < int(
        parser["group:standalone"]["priority"]
    )


def test_a_store_that_is_given_elsewhere_is_left_out():
    parser = parsed("standalone", without=["redis"])

    assert parser["group:stores"]["programs"] == "victoria_metrics"
    assert "program:redis" not in parser


def test_every_placeholder_without_a_value_is_named():
    with pytest.raises(InvalidInput, match="__ONE__ has no value; __TWO__ has"):
        render("[supervisord]\na=__ONE__\nb=__TWO__\n", {}, groups=())


@pytest.mark.parametrize("value", ['a"b', "a b", "a\nb", "a;b", "a$b", "a`b"])
def test_a_value_that_could_end_its_line_or_quotes_is_refused(value):
    with pytest.raises(InvalidInput, match="ONE"):
        render("[supervisord]\na=__ONE__\n", {"ONE": value}, groups=())


def test_a_percent_sign_is_doubled_for_supervisor():
    text = render("[supervisord]\na=__ONE__\n", {"ONE": "/a%20b"}, groups=())

    assert "a=/a%%20b" in text


def test_what_supervisor_would_not_expand_is_refused():
    with pytest.raises(InvalidInput, match="does not expand"):
        render("[supervisord]\nenvironment=A=${B}\n", {}, groups=())
