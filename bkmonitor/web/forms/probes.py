"""What people type of a probe, by its kind, and of a heartbeat."""

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from bkmonitor.probes.kept import SECRETS
from bkmonitor.probes.kinds.expectation import DEFAULT_STATUS, METHODS
from bkmonitor.probes.models import SEVERITIES, Heartbeat, Probe
from bkmonitor.web.forms.inputs import (
    KEPT,
    SECRET,
    HeadersField,
    LabelsField,
    SecondsField,
    WebAddressField,
)

TYPED = (
    "name", "target", "interval_s", "timeout_s", "severity", "trigger_count",
    "trigger_window", "recovery_window", "labels", "runbook_url", "enabled",
)  # fmt: skip
BEAT_TYPED = ("name", "period_s", "grace_s", "severity", "labels", "runbook_url", "enabled")  # fmt: skip
CODE = {"spellcheck": "false", "autocapitalize": "none", "autocomplete": "off"}


class WatchedForm(forms.Form):
    """What probes and heartbeats have in common."""

    name = forms.CharField(label=_("Name"), max_length=100)
    severity = forms.TypedChoiceField(
        label=_("Severity of its alert"), choices=SEVERITIES, coerce=int, initial=1
    )
    labels = LabelsField(help_text=_("Its alert gets them. One name=value a line."))
    runbook_url = WebAddressField(label=_("Runbook"), required=False)
    enabled = forms.BooleanField(
        label=_("Switched on"),
        required=False,
        initial=True,
        help_text=_("Switching it off ends its alert."),
    )


class ProbeForm(WatchedForm):
    """What every kind of probe has."""

    kind: Probe.Kind

    target = forms.CharField(label=_("Target"), max_length=500)
    interval_s = SecondsField(label=_("Look every"), initial=60)
    timeout_s = forms.IntegerField(
        label=_("Wait at most (seconds)"), initial=10, min_value=1, max_value=60
    )
    trigger_count = forms.IntegerField(
        label=_("Down after failed looks"), initial=1, min_value=1, max_value=100
    )
    trigger_window = forms.IntegerField(
        label=_("of the last"), initial=1, min_value=1, max_value=100
    )
    recovery_window = forms.IntegerField(
        label=_("Up after good looks"), initial=1, min_value=1, max_value=100
    )

    def __init__(self, data: Any = None, *, probe: Probe | None = None) -> None:
        initial = {name: getattr(probe, name) for name in TYPED} if probe else {}
        self.kept = dict(probe.settings) if probe else {}
        super().__init__(data, initial=initial | self.kept)

    def settings_of_kind(self) -> dict[str, Any]:
        """Return the kind's own settings."""
        return {}

    def fields_of_probe(self) -> dict[str, Any]:
        """Return what the room shall store."""
        fields = {name: self.cleaned_data[name] for name in TYPED}
        return fields | {"kind": self.kind.value, "settings": self.settings_of_kind()}


class HttpForm(ProbeForm):
    """A URL, how it is asked, and what its answer has to be."""

    kind = Probe.Kind.HTTP

    target = forms.CharField(
        label=_("URL"),
        max_length=500,
        widget=forms.URLInput(
            attrs={"placeholder": "https://www.example.org/", **CODE}
        ),
    )
    method = forms.ChoiceField(
        label=_("Method"), choices=[(word, word) for word in METHODS], initial="GET"
    )
    expected_status = forms.CharField(
        label=_("Good statuses"),
        required=False,
        widget=forms.TextInput(attrs={"placeholder": DEFAULT_STATUS, **CODE}),
        help_text=_("Such as 200-299, 401."),
    )
    keyword = forms.CharField(label=_("Text it has to contain"), required=False)
    keyword_absent = forms.CharField(
        label=_("Text it must not contain"), required=False
    )
    headers = HeadersField()
    body = forms.CharField(
        label=_("Body"),
        required=False,
        widget=forms.Textarea(attrs={"rows": 2, **SECRET}),
    )
    forget = forms.BooleanField(label=_("Take headers and body away"), required=False)
    follow_redirects = forms.BooleanField(
        label=_("Follow redirects"), required=False, initial=True
    )
    max_redirects = forms.IntegerField(
        label=_("At most so many redirects"), initial=5, min_value=0, max_value=20
    )
    verify_tls = forms.BooleanField(
        label=_("Check the certificate"), required=False, initial=True
    )

    def __init__(self, data: Any = None, *, probe: Probe | None = None) -> None:
        super().__init__(data, probe=probe)
        for name in SECRETS:
            self.initial.pop(name, None)
        if "headers" in self.kept:
            headers: Any = self.fields["headers"]
            headers.keep(self.kept["headers"])
        if "body" in self.kept:
            self.fields["body"].help_text = KEPT
        if not self.kept.keys() & set(SECRETS):
            del self.fields["forget"]

    def settings_of_kind(self) -> dict[str, Any]:
        """Return what differs from the defaults, and "" for what no longer does.

        Secrets that are left empty are left out, which keeps them.
        """
        typed, forgotten = self.cleaned_data, self.cleaned_data.get("forget")
        words = ("expected_status", "keyword", "keyword_absent")
        found = {name: typed[name] for name in words if typed[name]}
        if typed["method"] != "GET":
            found["method"] = typed["method"]
        for name in ("follow_redirects", "verify_tls"):
            if not typed[name]:
                found[name] = False
        if typed["max_redirects"] != 5:
            found["max_redirects"] = typed["max_redirects"]
        for name in SECRETS:
            if typed[name] or forgotten:
                found[name] = typed[name]
        gone = self.kept.keys() - found.keys() - set(SECRETS)
        return found | dict.fromkeys(gone, "")


class TcpForm(ProbeForm):
    """A host and a port that has to take connections."""

    kind = Probe.Kind.TCP

    target = forms.CharField(
        label=_("Host and port"),
        max_length=500,
        widget=forms.TextInput(attrs={"placeholder": "db-1.example.org:5432", **CODE}),
    )


class IcmpForm(ProbeForm):
    """A host that has to answer pings."""

    kind = Probe.Kind.ICMP

    target = forms.CharField(
        label=_("Host"),
        max_length=500,
        widget=forms.TextInput(attrs={"placeholder": "gateway.example.org", **CODE}),
    )


FORMS: dict[str, type[ProbeForm]] = {
    form.kind.value: form for form in (HttpForm, TcpForm, IcmpForm)
}


class HeartbeatForm(WatchedForm):
    """How often a sign of life has to come."""

    period_s = SecondsField(
        label=_("A ping is expected every"),
        initial=86400,
        help_text=_("The time from one ping to the next."),
    )
    grace_s = SecondsField(
        label=_("Grace"),
        initial=3600,
        help_text=_("How much later it may come, and how long a run may take."),
    )

    def __init__(self, data: Any = None, *, heartbeat: Heartbeat | None = None) -> None:
        beat = heartbeat
        super().__init__(
            data, initial={n: getattr(beat, n) for n in BEAT_TYPED} if beat else {}
        )
