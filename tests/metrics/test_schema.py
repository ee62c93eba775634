import pytest

from bkmonitor.lib.errors import InvalidInput
from bkmonitor.metrics.schema import check_target

SOUND = {
    "name": "node",
    "url": "http://node:9100/metrics",
    "labels": {},
    "interval_s": 30,
    "username": "",
    "password": "",
    "bearer_token": "",
    "ca_certificate": "",
}


def wrong(allow_private=True, **fields):
    with pytest.raises(InvalidInput) as caught:
        check_target(SOUND | fields, allow_private=allow_private)
    return caught.value.fields


@pytest.mark.parametrize(
    "url",
    [
        "http://node:9100/metrics",
        "https://example.org",
        "http://10.0.0.1:9100",
        "http://[fd00::1]:9100/x?collect[]=cpu&a=b",
        "http://a_b.c-d.internal./metrics",
    ],
)
def test_what_can_be_scraped(url):
    check_target(SOUND | {"url": url}, allow_private=True)


@pytest.mark.parametrize(
    "url",
    [
        "",
        "node:9100",
        "ftp://node/",
        "http://",
        "http:///metrics",
        "http://user:pass@node/",
        "http://node:0/",
        "http://node:99999/",
        "http://node:x/",
        "http://no de/",
        "http://node/#part",
        "http://node/a b",
        "http://%{HOME}/",
        "http://[::1/",
        "http://169.254.169.254/latest/",
        "http://[fe80::1]/",
        "http://2852039166/",
        "http://0xa9.254.0xa9fe/",
        "http://[::ffff:169.254.169.254]/",
    ],
)
def test_what_cannot(url):
    assert wrong(url=url).keys() == {"url"}


@pytest.mark.parametrize(
    "url",
    [
        "http://127.0.0.1/",
        "http://127.1/",
        "http://2130706433/",
        "http://localhost:9/",
        "http://[::1]/",
        "http://10.1.2.3/",
    ],
)
def test_private_addresses_are_refused_where_they_are_not_allowed(url):
    assert wrong(url=url, allow_private=False).keys() == {"url"}


@pytest.mark.parametrize(
    "labels",
    [{"space": "other"}, {"__address__": "x"}, {"a-b": "x"}, {"a": 1}, {"a": ""}, []],
)
def test_labels_that_a_target_may_not_have(labels):
    assert wrong(labels=labels).keys() == {"labels"}


@pytest.mark.parametrize("interval_s", [4, 86_401, "30", None])
def test_intervals_that_make_no_sense(interval_s):
    assert wrong(interval_s=interval_s).keys() == {"interval_s"}


def test_everything_wrong_is_told_at_once():
    fields = wrong(
        url="x",
        interval_s=1,
        password="p",
        bearer_token="t\n",
        ca_certificate="no certificate",
    )

    assert fields.keys() == {
        "url",
        "interval_s",
        "username",
        "bearer_token",
        "ca_certificate",
    }


def test_a_token_and_a_user_name_together_are_refused():
    assert wrong(username="u", bearer_token="t").keys() == {"bearer_token"}
