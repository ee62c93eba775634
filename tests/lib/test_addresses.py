import pytest

from bkmonitor.lib.addresses import client_address, is_loopback

PROXY, CLIENT, FORGED = "10.0.0.1", "198.51.100.7", "203.0.113.9"


@pytest.mark.parametrize(
    ("remote", "forwarded_for", "client"),
    [
        pytest.param(CLIENT, "", CLIENT, id="no proxy"),
        pytest.param(CLIENT, FORGED, CLIENT, id="a stranger's header is not read"),
        pytest.param(PROXY, CLIENT, CLIENT, id="a proxy's is"),
        pytest.param(PROXY, f"{FORGED}, {CLIENT}", CLIENT, id="from its end"),
        pytest.param(PROXY, f"{CLIENT}, 10.0.0.2", CLIENT, id="two proxies"),
        pytest.param(PROXY, "10.0.0.3", "10.0.0.3", id="all trusted"),
        pytest.param(PROXY, "nonsense", PROXY, id="a proxy that says nonsense"),
        pytest.param(PROXY, "", PROXY, id="a proxy that says nothing"),
        pytest.param(PROXY, f"{CLIENT}:4711", CLIENT, id="with a port"),
        pytest.param(PROXY, "[2001:db8::1]:4711", "2001:db8::1", id="IPv6 with a port"),
        pytest.param("", CLIENT, CLIENT, id="a local socket"),
        pytest.param("", "", "", id="a local socket that says nothing"),
    ],
)
def test_only_what_trusted_proxies_say_is_believed(remote, forwarded_for, client):
    assert client_address(remote, forwarded_for, ["10.0.0.0/24"]) == client


def test_everybody_may_be_trusted():
    assert client_address(CLIENT, FORGED, ["*"]) == FORGED


@pytest.mark.parametrize(
    ("host", "loopback"),
    [
        ("localhost", True),
        ("127.0.0.1", True),
        ("127.8.8.8", True),
        ("::1", True),
        ("192.0.2.1", False),
        ("localhost.example.org", False),
        ("", False),
    ],
)
def test_which_hosts_are_this_machine(host, loopback):
    assert is_loopback(host) is loopback
