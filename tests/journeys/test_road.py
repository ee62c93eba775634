"""A sample goes in, a message comes out."""

import base64
import urllib.request

import pytest

from tests.servers import wait_for
from tests.stack import running_stack, webhook

pytestmark = pytest.mark.journey

SET_UP = """
from django.utils import timezone
from bkmonitor.accounts.models import Space
from bkmonitor.accounts.services import create_token
from bkmonitor.notifications.models import Receiver
from bkmonitor.pipeline.sources import save_strategy
space = Space.objects.create(slug="shop", name="Shop")
token, secret = create_token(space, "journey", scopes=["ingest", "read"], by=None, now=timezone.now())
Receiver.objects.create(space=space, name="hook", channel="webhook", address={url!r})
save_strategy(space, {{"name": "hot", "expression": "temperature", "interval_s": 10,
    "levels": [{{"severity": 1, "detectors": [{{"kind": "threshold", "any_of": [[{{"operator": ">", "value": 90}}]]}}]}}],
    "summary": "{{{{ labels.room }}}} is at {{{{ value }}}}"}}, by=None, now=timezone.now())
answer = secret
"""


def push(stack, secret, text):
    """Send samples in the text format, with the token as Basic password."""
    credentials = base64.b64encode(f"x:{secret}".encode()).decode()
    request = urllib.request.Request(
        f"{stack.url}/prometheus/api/v1/import/prometheus",
        data=text.encode(),
        headers={"Authorization": f"Basic {credentials}"},
    )
    with urllib.request.urlopen(request, timeout=10) as answer:
        assert answer.status < 300


def alerts(stack):
    return stack.shell(
        "from bkmonitor.alerts.models import Alert\n"
        "answer = list(Alert.objects.order_by('pk').values_list('state', 'value', 'summary'))"
    )


def strategy(stack):
    return stack.shell(
        "from bkmonitor.strategies.models import Strategy\n"
        "answer = list(Strategy.objects.values_list('outcome', 'outcome_reason'))[0]"
    )


@pytest.mark.enable_socket
def test_from_a_sample_to_a_message_and_back_and_through_an_outage_of_the_store(
    tmp_path,
):
    with webhook() as hook, running_stack(tmp_path) as stack:
        secret = stack.shell(SET_UP.format(url=hook.url))

        push(stack, secret, 'temperature{room="lab"} 95\n')
        wait_for(lambda: hook.got, what="the message that it fires", timeout_s=40)

        assert hook.reasons() == ["fired"]
        assert alerts(stack) == [["firing", 95.0, "lab is at 95"]]

        # The store goes away for several evaluations: nothing changes but the note.
        stack.store.stop()
        wait_for(
            lambda: strategy(stack)[0] == "failing",
            what="the failing evaluation",
            timeout_s=30,
        )
        assert alerts(stack)[0][0] == "firing"
        assert hook.reasons() == ["fired"]


@pytest.mark.enable_socket
def test_a_problem_that_ends_is_told_once(tmp_path):
    with webhook() as hook, running_stack(tmp_path) as stack:
        secret = stack.shell(SET_UP.format(url=hook.url))
        push(stack, secret, 'temperature{room="lab"} 95\n')
        wait_for(lambda: hook.got, what="the message that it fires", timeout_s=40)

        push(stack, secret, 'temperature{room="lab"} 20\n')
        wait_for(
            lambda: len(hook.got) > 1, what="the message that it is over", timeout_s=40
        )

        assert hook.reasons() == ["fired", "resolved"]
        assert len(set(hook.keys)) == 2
        assert [row[0] for row in alerts(stack)] == ["resolved"]
