import pytest
from django.apps import apps
from django.db import connection

from bkmonitor.accounts.fields import vault
from bkmonitor.accounts.models import Installation
from bkmonitor.accounts.rekey import reseal_all, sealed_fields
from bkmonitor.accounts.services import check_key, update_installation
from bkmonitor.lib.errors import InvalidInput
from bkmonitor.lib.secrets import Vault
from bkmonitor.notifications.models import Receiver
from tests.factories import make_receiver

pytestmark = pytest.mark.django_db
OLD, NEW = "old key " * 8, "new key " * 8


@pytest.fixture
def use_keys(settings):
    def use(newest, *former):
        settings.SECRET_KEY, settings.SECRET_KEY_FALLBACKS = newest, list(former)
        vault.cache_clear()

    yield use
    vault.cache_clear()


def stored_addresses():
    with connection.cursor() as cursor:
        cursor.execute("SELECT address FROM notifications_receiver ORDER BY id")
        return [row[0] for row in cursor.fetchall()]


def test_after_rekeying_the_former_key_is_not_needed(use_keys):
    use_keys(OLD)
    check_key()
    make_receiver(address="https://hooks.example.org/secret", settings={"key": "s3"})
    update_installation(smtp_url="smtp://:secret@mail")
    use_keys(NEW, OLD)

    counts = reseal_all()

    use_keys(NEW)
    check_key()
    receiver = Receiver.objects.get()
    assert (receiver.address, receiver.settings) == (
        "https://hooks.example.org/secret",
        {"key": "s3"},
    )
    assert Installation.objects.get().smtp_url == "smtp://:secret@mail"
    assert counts["notifications.Receiver"] == counts["accounts.Installation"] == 1
    assert Vault([NEW]).open(stored_addresses()[0]) == receiver.address


def test_rekeying_twice_changes_no_secret(use_keys):
    use_keys(NEW, OLD)
    make_receiver(address="https://hooks.example.org/secret")

    reseal_all()
    reseal_all()

    assert Receiver.objects.get().address == "https://hooks.example.org/secret"


def test_what_fits_no_key_is_told_and_left_alone(use_keys):
    use_keys(OLD)
    make_receiver()
    before = stored_addresses()
    use_keys(NEW)

    with pytest.raises(InvalidInput, match="another key"):
        reseal_all()

    assert stored_addresses() == before


def test_every_room_that_keeps_secrets_is_found():
    tables = {m._meta.label for m in apps.get_models() if list(sealed_fields(m))}

    assert {
        "accounts.Installation",
        "metrics.ScrapeTarget",
        "notifications.Receiver",
        "probes.Probe",
    } <= tables
