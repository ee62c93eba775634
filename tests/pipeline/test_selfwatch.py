import pytest

from bkmonitor.accounts.models import Space
from bkmonitor.pipeline.selfwatch import STRATEGIES, copy_receiver, install
from bkmonitor.probes.models import Probe
from bkmonitor.strategies.models import Strategy
from tests.factories import NOON, make_receiver, make_user

pytestmark = pytest.mark.django_db


def test_it_is_installed_once_and_keeps_what_people_changed(settings):
    settings.VM_QUERY_URL = "http://127.0.0.1:8428"
    administrator = make_user()
    install(by=administrator, now=NOON)
    Strategy.objects.filter(name=STRATEGIES[0]["name"]).update(enabled=False)

    space = install(by=administrator, now=NOON)

    assert Space.objects.get(is_builtin=True) == space
    assert Strategy.objects.filter(space=space).count() == len(STRATEGIES)
    assert not Strategy.objects.get(name=STRATEGIES[0]["name"]).enabled
    assert Probe.objects.get(space=space).target == "http://127.0.0.1:8428/health"


def test_without_a_store_what_needs_one_is_off(settings):
    settings.VM_QUERY_URL = ""

    space = install(by=make_user(), now=NOON)

    assert not Strategy.objects.filter(space=space, enabled=True).exists()
    assert not Probe.objects.filter(space=space).exists()


def test_a_receiver_is_copied_with_its_secrets():
    space = install(by=make_user(), now=NOON)
    receiver = make_receiver(settings={"secret": "s3cret"})

    copied = copy_receiver(receiver, space)
    again = copy_receiver(receiver, space)

    copied.refresh_from_db()
    assert (copied.address, copied.settings) == (receiver.address, receiver.settings)
    assert again == copied
