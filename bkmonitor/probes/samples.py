"""The looks of probes as samples, under the names that blackbox_exporter uses."""

from collections.abc import Iterator, Mapping

from bkmonitor.probes.kinds.look import Look, Outcome

ESCAPES = str.maketrans({"\\": "\\\\", '"': '\\"', "\n": "\\n"})


def label_set(name: str, target: str, labels: Mapping[str, str]) -> dict[str, str]:
    """Return the labels of a probe's series; its own are the last word."""
    return {**labels, "job": "probe", "instance": target, "probe": name}


def write_samples(labels: Mapping[str, str], look: Look, at_ms: int) -> str:
    """Return the lines of one look in the text exposition format.

    Units   at_ms and the timestamps are milliseconds since 1970.
    Gaps    a look that was not judged writes nothing.
    """
    if look.outcome is Outcome.NOT_JUDGED:
        return ""
    text = ",".join(
        f'{key}="{value.translate(ESCAPES)}"' for key, value in labels.items()
    )
    return "".join(
        f"{name}{{{text}{extra}}} {value:.10g} {at_ms}\n"
        for name, extra, value in _values(look)
    )


def _values(look: Look) -> Iterator[tuple[str, str, float]]:
    yield "probe_success", "", float(look.outcome is Outcome.UP)
    yield "probe_duration_seconds", "", look.seconds
    if look.http_status is not None:
        yield "probe_http_status_code", "", look.http_status
    if look.certificate_expires_at is not None:
        yield "probe_ssl_earliest_cert_expiry", "", look.certificate_expires_at
    for phase, seconds in look.phases.items():
        yield "probe_phase_seconds", f',phase="{phase}"', seconds
