"""The Django admin, for operators: it shows rows, without their secrets."""

from typing import Any

from django.contrib import admin
from django.contrib.auth.views import redirect_to_login
from django.core.exceptions import PermissionDenied
from django.db import models
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect

from bkmonitor.accounts.models import (
    ApiToken,
    Installation,
    LoginFailure,
    Member,
    Space,
    User,
)
from bkmonitor.accounts.rekey import sealed_fields
from bkmonitor.alerts.models import Alert, Watermark
from bkmonitor.calendars.models import Calendar, CalendarItem
from bkmonitor.metrics.models import ScrapeTarget
from bkmonitor.notifications.models import Notification, Receiver
from bkmonitor.probes.models import Heartbeat, Probe
from bkmonitor.routing.models import AlertGroup
from bkmonitor.strategies.models import Strategy, StrategyRevision

# What opens something, beside the sealed fields. A heartbeat's address is its key,
# and a message may carry the words of a customer.
SECRETS = frozenset({"password", "digest", "code_digest", "uuid", "message"})


class OperatorsSite(admin.AdminSite):
    """Lets in operators (`is_staff`) through the one login that counts failures."""

    site_header = site_title = "bkmonitor"
    index_title = "Rows, for operators"

    def login(
        self, request: HttpRequest, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        """Lead to the login of the pages; who is no operator gets a 403 there."""
        if self.has_permission(request):
            return redirect("admin:index")
        if request.user.is_authenticated:
            raise PermissionDenied("this is for operators")
        return redirect_to_login("/admin/")


site = OperatorsSite(name="admin")


class RowsAdmin(admin.ModelAdmin):  # type: ignore[type-arg]
    """Shows every field that is no secret, and changes nothing: verbs do that."""

    list_select_related = True
    show_full_result_count = False

    def get_fields(self, request: HttpRequest, obj: Any = None) -> Any:
        """Return the fields that may be seen."""
        hidden = SECRETS | {field.name for field in sealed_fields(self.model)}
        own = self.model._meta.concrete_fields
        return [field.name for field in own if field.name not in hidden]

    def has_add_permission(self, request: HttpRequest) -> bool:
        """Rows are made by the rooms' verbs."""
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Rows are changed by the rooms' verbs."""
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Rows are removed by the rooms' verbs."""
        return False


class LoginFailureAdmin(RowsAdmin):
    """Failed logins; removing them lets a person try again at once."""

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Let an operator forget failures."""
        return bool(request.user.is_active and request.user.is_superuser)


SHOWN: dict[type[models.Model], tuple[str, ...]] = {
    Alert: ("source_name", "space", "state", "severity", "started_at"),
    AlertGroup: ("alert", "next_repeat_at", "repeats"),
    ApiToken: ("name", "space", "prefix", "last_used_at", "revoked_at"),
    Calendar: ("name", "space", "updated_at"),
    CalendarItem: ("name", "calendar", "start", "end", "time_zone", "rule"),
    Heartbeat: ("name", "space", "state", "last_ping_at", "deadline_at"),
    Installation: ("public_url", "completed_at"),
    Member: ("user", "space", "role"),
    Notification: ("receiver_name", "space", "reason", "state", "created_at"),
    Probe: ("name", "space", "kind", "state", "next_run_at"),
    Receiver: ("name", "space", "channel", "enabled", "confirmed_at"),
    ScrapeTarget: ("name", "space", "url", "enabled"),
    Space: ("name", "slug", "is_builtin", "created_at"),
    Strategy: ("name", "space", "enabled", "outcome", "next_run_at"),
    StrategyRevision: ("strategy_id", "number", "space", "kind", "at", "by"),
    User: ("email", "name", "is_active", "is_staff", "last_login"),
    Watermark: ("source_kind", "source_id", "at"),
}
for shown, columns in SHOWN.items():
    site.register(shown, RowsAdmin, list_display=columns)
site.register(LoginFailure, LoginFailureAdmin, list_display=("email", "address", "at"))
