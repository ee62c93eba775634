"""The addresses of the REST door."""

from django.urls import include, path, re_path
from rest_framework.routers import SimpleRouter

from bkmonitor.api.alerts import AlertViewSet
from bkmonitor.api.calendars import CalendarViewSet
from bkmonitor.api.heartbeats import HeartbeatViewSet
from bkmonitor.api.me import MeView
from bkmonitor.api.members import MemberViewSet
from bkmonitor.api.notifications import NotificationViewSet
from bkmonitor.api.nowhere import NowhereView
from bkmonitor.api.probes import ProbeViewSet
from bkmonitor.api.receivers import ReceiverViewSet
from bkmonitor.api.schema import SchemaView
from bkmonitor.api.scrape_targets import ScrapeTargetViewSet
from bkmonitor.api.spaces import SpaceViewSet
from bkmonitor.api.strategies import StrategyViewSet
from bkmonitor.api.structured import PromqlView
from bkmonitor.api.system import SystemView
from bkmonitor.api.tokens import TokenViewSet

router = SimpleRouter()
router.register("alerts", AlertViewSet, basename="alert")
router.register("calendars", CalendarViewSet, basename="calendar")
router.register("heartbeats", HeartbeatViewSet, basename="heartbeat")
router.register("members", MemberViewSet, basename="member")
router.register("notifications", NotificationViewSet, basename="notification")
router.register("probes", ProbeViewSet, basename="probe")
router.register("receivers", ReceiverViewSet, basename="receiver")
router.register("scrape-targets", ScrapeTargetViewSet, basename="scrape-target")
router.register("spaces", SpaceViewSet, basename="space")
router.register("strategies", StrategyViewSet, basename="strategy")
router.register("tokens", TokenViewSet, basename="token")

app_name = "api"
urlpatterns = [
    path("strategies/promql/", PromqlView.as_view(), name="strategy-promql"),
    path("", include(router.urls)),
    path("me/", MeView.as_view(), name="me"),
    path("schema/", SchemaView.as_view(), name="schema"),
    path("system/", SystemView.as_view(), name="system"),
    re_path(r"", NowhereView.as_view(), name="nowhere"),
]
