import pytest

from bkmonitor.lib.errors import InvalidInput
from bkmonitor.probes.kept import join_settings, secrets_kept, without_secrets
from bkmonitor.probes.services import save_probe
from tests.factories import NOON, make_probe

SECRETS = {"headers": {"Authorization": "Basic c2VjcmV0"}, "body": "pin=1234"}


@pytest.mark.parametrize(
    ("given", "whole"),
    [
        ({}, SECRETS),
        ({"keyword": "ok"}, SECRETS | {"keyword": "ok"}),
        ({"body": ""}, {"headers": SECRETS["headers"]}),
        ({"headers": {}}, {"body": "pin=1234"}),
        ({"headers": {"X-Id": "7"}}, SECRETS | {"headers": {"X-Id": "7"}}),
        (
            {"headers": {"Authorization": None, "X-Id": "7"}},
            SECRETS | {"headers": SECRETS["headers"] | {"X-Id": "7"}},
        ),
        ({"headers": {"Unknown": None}}, {"body": "pin=1234"}),
        ({"follow_redirects": False}, SECRETS | {"follow_redirects": False}),
        (without_secrets(SECRETS), SECRETS),
    ],
)
def test_settings_that_are_given_join_those_that_are_kept(given, whole):
    assert join_settings(given, SECRETS) == whole


@pytest.mark.parametrize(
    ("given", "names"),
    [
        ({}, ["headers", "body"]),
        (without_secrets(SECRETS), ["headers", "body"]),
        ({"headers": {"X-Id": "7"}}, ["body"]),
        ({"headers": {"Authorization": None, "X-Id": "7"}, "body": "x"}, ["headers"]),
        ({"headers": {}, "body": ""}, []),
    ],
)
def test_what_is_kept_is_named(given, names):
    assert secrets_kept(given, SECRETS) == names


def save(probe, **fields):
    save_probe(probe.space, fields, by=None, now=NOON, probe=probe)
    probe.refresh_from_db()


@pytest.mark.parametrize(
    ("given", "wrong"),
    [
        ({}, ["body", "headers"]),
        ({"settings": {}}, ["body", "headers"]),
        ({"settings": {"headers": {"X-Key": None}, "body": None}}, ["body", "headers"]),
        ({"settings": {"headers": {"X-Key": "l"}}}, ["body"]),
        ({"settings": {"headers": {"X-Key": "l", "X-B": None}, "body": "c"}}, []),
        ({"settings": {"headers": {}, "body": ""}}, []),
    ],
)
@pytest.mark.django_db
def test_stored_secrets_are_not_sent_to_another_server(given, wrong):
    kept = {"method": "POST", "headers": {"X-Key": "k"}, "body": "b"}
    probe = make_probe(target="https://a.example/", settings=kept)

    refused = {}
    try:
        save(probe, target="https://b.example/", **given)
    except InvalidInput as error:
        refused = error.fields

    probe.refresh_from_db()
    assert sorted(refused) == wrong
    assert (probe.target, probe.settings == kept) == (
        ("https://a.example/", True) if wrong else ("https://b.example/", False)
    )


@pytest.mark.django_db
def test_another_path_of_the_same_server_keeps_the_secrets():
    kept = {"headers": {"X-Key": "k"}}
    probe = make_probe(target="https://a.example/", settings=kept)

    save(probe, target="https://a.example/health")

    assert probe.settings == kept


@pytest.mark.django_db
def test_the_settings_of_another_kind_do_not_stay():
    probe = make_probe(settings={"headers": {"X-Key": "k"}})

    save(probe, kind="icmp", target="b.example")

    assert probe.settings == {}
