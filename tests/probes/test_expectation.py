import pytest

from bkmonitor.lib.errors import InvalidInput
from bkmonitor.probes.kinds import http
from bkmonitor.probes.kinds.expectation import parse, parse_status


def test_without_settings_any_answer_below_400_to_a_get_is_good():
    expectation = parse({})

    assert (expectation.method, expectation.expected) == ("GET", ((200, 399),))
    assert expectation.verify_tls
    assert not expectation.reads_body


def test_status_codes_are_a_list_of_codes_and_ranges():
    assert parse_status("200-299, 401") == ((200, 299), (401, 401))


@pytest.mark.parametrize("text", ["", "ok", "99", "600", "299-200", "200,", "2xx"])
def test_a_status_that_is_none_is_refused(text):
    with pytest.raises(InvalidInput, match="is not a status"):
        parse_status(text)


@pytest.mark.parametrize(
    ("said", "field"),
    [
        ({"method": "BREW"}, "method"),
        ({"verify_tls": 1}, "verify_tls"),
        ({"max_redirects": True}, "max_redirects"),
        ({"max_redirects": 21}, "max_redirects"),
        ({"headers": {"X-A": "b\r\nX-C: d"}}, "headers"),
        ({"headers": {"X A": "b"}}, "headers"),
        ({"headers": {"X-A": 1}}, "headers"),
        ({"body": "x" * 70_000, "method": "POST"}, "body"),
        ({"body": "x"}, "body"),
        ({"method": "HEAD", "keyword": "x"}, "keyword"),
        ({"keywrod": "x"}, "settings"),
    ],
)
def test_the_setting_that_is_wrong_is_named(said, field):
    with pytest.raises(InvalidInput) as refused:
        http.check("http://example.org/", said)

    assert list(refused.value.fields) == [field]
