import pytest
from django.core.exceptions import ValidationError

from bkmonitor.accounts.fields import check_web_address


@pytest.mark.parametrize(
    "address",
    [
        "http://wiki/runbook",
        "https://example.org:8443/a?b=c#d",
        "http://[::1]:8000",
        "http://10.0.0.1/",
    ],
)
def test_an_address_of_the_web_or_of_the_house_is_taken(address):
    check_web_address(address)


@pytest.mark.parametrize(
    "address",
    [
        "javascript:alert(1)",
        "ftp://example.org/",
        "example.org",
        "http://",
        "http://a b/",
        "http://a\n/",
        "https:///x",
        "http://[::",
    ],
)
def test_what_leads_nowhere_or_runs_is_refused(address):
    with pytest.raises(ValidationError):
        check_web_address(address)
