"""Celery's settings keep their promises to each other."""

import logging
import pickle

import pytest
from celery.app.log import Logging
from kombu.exceptions import ContentDisallowed
from kombu.serialization import loads, prepare_accept_content

from bkmonitor.config.celery import app
from bkmonitor.pipeline.beat import ROUTES
from bkmonitor.pipeline.queues import QUEUES, UNROUTED


def test_every_task_goes_to_a_queue_that_somebody_works():
    assert {route["queue"] for route in ROUTES.values()} <= set(QUEUES)


def test_what_the_beat_rings_has_a_route_or_names_its_queue():
    for entry in app.conf.beat_schedule.values():
        queue = entry["options"].get("queue") or ROUTES[entry["task"]]["queue"]
        assert queue in QUEUES, entry["task"]


def test_what_the_beat_rings_is_forgotten_when_nobody_hears_it_for_a_while():
    assert all(entry["options"]["expires"] for entry in app.conf.beat_schedule.values())


def test_clocks_that_differ_by_some_seconds_do_not_silence_a_bell():
    expiries = [
        entry["options"]["expires"] for entry in app.conf.beat_schedule.values()
    ]

    assert min(expiries) >= 30


def test_every_queue_has_a_canary_of_its_own():
    queues = {
        entry["args"][0]
        for entry in app.conf.beat_schedule.values()
        if entry["task"].endswith(".canary")
    }

    assert queues == set(QUEUES)


def test_queues_do_not_share_an_exchange_and_so_no_message_is_copied():
    assert {
        (queue.exchange.name, queue.routing_key) for queue in app.conf.task_queues
    } == {(name, name) for name in (*QUEUES, UNROUTED)}


def test_no_run_outlasts_the_time_after_which_its_message_is_handed_out_again():
    visible = app.conf.broker_transport_options["visibility_timeout"]

    assert app.conf.task_soft_time_limit < app.conf.task_time_limit <= visible / 2


def test_only_json_is_accepted():
    assert app.conf.accept_content == ["json"]


def test_a_pickled_message_is_refused_before_it_is_read():
    body = pickle.dumps({"task": "anything"})
    accepted = prepare_accept_content(app.conf.accept_content)

    with pytest.raises(ContentDisallowed):
        loads(body, "application/x-python-serialize", "binary", accept=accepted)


def test_celery_leaves_the_level_of_the_log_alone(monkeypatch):
    monkeypatch.setattr(Logging, "already_setup", False)
    monkeypatch.setattr(logging.getLogger(), "level", logging.INFO)

    Logging(app).setup(loglevel="WARNING", redirect_stdouts=False)

    assert logging.getLogger().level == logging.INFO
