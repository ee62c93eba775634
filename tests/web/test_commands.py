import io
import re

import pytest
from django.core.management import CommandError, call_command
from django.utils import timezone

from bkmonitor.accounts.services import is_setup_link
from bkmonitor.web.management.commands.setup_link import listen_url
from tests.factories import make_user

pytestmark = pytest.mark.django_db


def run(*args, **options):
    out = io.StringIO()
    call_command(*args, stdout=out, **options)
    return out.getvalue().strip()


def test_the_setup_link_is_one_that_opens(settings):
    settings.PUBLIC_URL = "https://monitor.example.org"

    link = run("setup_link")

    secret = re.fullmatch(r"https://monitor\.example\.org/setup/([\w-]{32})/", link)[1]
    assert is_setup_link(secret, timezone.now())


def test_without_a_public_url_the_link_leads_to_this_machine(settings):
    settings.LISTEN = "0.0.0.0:8123"

    assert run("setup_link").startswith("http://localhost:8123/setup/")


@pytest.mark.parametrize(
    ("listen", "url"),
    [
        ("0.0.0.0:8000", "http://localhost:8000"),
        ("[::]:80", "http://localhost:80"),
        ("192.0.2.7:8000", "http://192.0.2.7:8000"),
    ],
)
def test_a_wildcard_address_is_called_at_localhost(listen, url):
    assert listen_url(listen) == url


def test_once_there_are_users_a_link_has_to_be_forced():
    make_user()

    with pytest.raises(CommandError, match="--force"):
        run("setup_link")
    assert "/setup/" in run("setup_link", force=True)


def test_another_secret_key_stops_with_the_status_of_a_wrong_configuration(settings):
    settings.SECRET_KEY = "first" * 10
    run("check_key")
    settings.SECRET_KEY = "second" * 10

    with pytest.raises(CommandError, match="key fingerprint differs") as caught:
        run("check_key")
    assert caught.value.returncode == 78


def test_rekey_tells_how_many_rows_hold_secrets():
    assert "notifications.Receiver: 0" in run("rekey")
