"""Put samples into the time series database, always into one space."""

from bkmonitor.lib.errors import InvalidInput, UpstreamUnavailable
from bkmonitor.lib.http import Answer
from bkmonitor.metrics.tsdb.current import is_on, tsdb
from bkmonitor.metrics.tsdb.decode import error_text
from bkmonitor.metrics.tsdb.port import Form


def write_samples(space_slug: str, lines: bytes) -> bool:
    """Store samples of our own, given as lines of Prometheus' text format.

    Returns False, and does nothing, where metrics are off.

    Errors  UpstreamUnavailable when the store did not take them; InvalidInput
            when it says that they are bad. They may be written again.
    """
    if not lines or not is_on():
        return False
    answer = forward(space_slug, "text", lines)
    if answer.status >= 300:
        raise InvalidInput(f"the samples were refused: {error_text(answer)}")
    return True


def forward(space_slug: str, form: Form, body: bytes, *, encoding: str = "") -> Answer:
    """Store what a sender sent, undecoded, and return what the store answered.

    The status is below 300 when it is stored, else below 500: then the samples
    are bad and sending them again is useless.

    Errors  UpstreamUnavailable when the store is off, down or overloaded.
    """
    answer = tsdb().push(space_slug, form, body, encoding=encoding)
    if answer.status >= 500 or answer.status == 429:
        raise UpstreamUnavailable(
            f"the store answered {answer.status}: {error_text(answer)}"
        )
    return answer
