import pytest

from bkmonitor.alerts.models import Alert
from bkmonitor.web.alert_search import find_alerts, read_search
from tests.factories import NOON, make_alert, make_space, make_user

pytestmark = pytest.mark.django_db


def found(**query):
    rows = find_alerts(Alert.objects.order_by("pk"), read_search(query))
    return [alert.source_name for alert in rows]


@pytest.fixture
def alerts():
    space = make_space()
    make_alert(
        space,
        source_name="disk",
        severity=2,
        labels={"instance": "web-1", "a__b": "x"},
        summary="Disk of web-1 is full",
    )
    make_alert(space, source_name="cpu", labels={"instance": "web-2"})
    make_alert(
        space, source_name="taken", acked_at=NOON, acked_by=make_user(), labels={}
    )
    make_alert(
        space, source_name="over", state="resolved", labels={"instance": "数据库"}
    )


@pytest.mark.parametrize(
    ("query", "names"),
    [
        ({}, ["disk", "cpu", "taken"]),
        ({"state": "open"}, ["disk", "cpu"]),
        ({"state": "resolved"}, ["over"]),
        ({"state": "all"}, ["disk", "cpu", "taken", "over"]),
        ({"state": "nonsense"}, ["disk", "cpu", "taken"]),
        ({"severity": "2"}, ["disk"]),
        ({"severity": "9"}, ["disk", "cpu", "taken"]),
        ({"q": "FULL"}, ["disk"]),
        ({"q": "instance=web-1"}, ["disk"]),
        ({"q": "instance!=web-1"}, ["cpu", "taken"]),
        ({"q": "instance="}, ["taken"]),
        ({"q": "instance!="}, ["disk", "cpu"]),
        ({"q": "a__b=x"}, ["disk"]),
        ({"q": "web"}, ["disk", "cpu"]),
        ({"q": "web -2"}, ["cpu"]),
        ({"q": "数据", "state": "all"}, ["over"]),
        ({"q": "instance=web-1 instance=web-2"}, []),
        ({"q": 'instance="web-1"'}, ["disk"]),
        ({"q": '"is full"'}, ["disk"]),
        ({"q": '"full is"'}, []),
        ({"q": "%"}, []),
    ],
    ids=str,
)
def test_a_search_finds(alerts, query, names):
    assert found(**query) == names
