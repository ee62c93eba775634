import pytest

from bkmonitor.lib.errors import InvalidInput
from bkmonitor.probes.kinds.addresses import check_url, parse_host, split_host_port


@pytest.mark.parametrize(
    "url",
    [
        "http://example.org",
        "https://example.org:8443/a?b=c#d",
        "http://[::1]:8000/",
        "http://10.0.0.1/äö",
    ],
)
def test_a_url_may_be_looked_at(url):
    check_url(url)


@pytest.mark.parametrize(
    ("url", "why"),
    [
        ("example.org", "not a URL"),
        ("ftp://example.org/", "not a URL"),
        ("http://", "not a URL"),
        ("http://example.org:99999/", "not a URL"),
        ("http://[::1/", "not a URL"),
        ("http://example.org/a b", "a space"),
        ("http://example.org/\r\nX: y", "not a URL"),
        ("http://user:secret@example.org/", "header Authorization"),
        ("http://münchen.example/", "xn--"),
    ],
)
def test_a_url_that_cannot_be_looked_at_is_refused(url, why):
    with pytest.raises(InvalidInput, match=why) as refused:
        check_url(url)

    assert "target" in refused.value.fields


@pytest.mark.parametrize(
    ("text", "parts"),
    [
        ("db.example.org:5432", ("db.example.org", 5432)),
        ("10.0.0.1:1", ("10.0.0.1", 1)),
        ("[2001:db8::1]:443", ("2001:db8::1", 443)),
    ],
)
def test_host_and_port(text, parts):
    assert split_host_port(text) == parts


@pytest.mark.parametrize(
    "text",
    ["db", "db:", ":5432", "db:http", "db:0", "db:65536", "::1:443", "[db]:1", "db:٣"],
)
def test_what_is_not_host_and_port_is_refused(text):
    with pytest.raises(InvalidInput):
        split_host_port(text)


def test_a_host_may_be_a_name_or_an_address():
    assert [parse_host(h) for h in ("a.example", "10.0.0.1", "::1", "[::1]")] == [
        "a.example",
        "10.0.0.1",
        "::1",
        "::1",
    ]


@pytest.mark.parametrize("text", ["", "http://a.example/", "a b", "a.example:1"])
def test_what_is_not_a_host_is_refused(text):
    with pytest.raises(InvalidInput):
        parse_host(text)
