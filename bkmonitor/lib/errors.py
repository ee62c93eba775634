"""The few ways in which work fails."""


class MonitorError(Exception):
    """Any failure that a caller is meant to handle; `code` is stable for clients."""

    code = "error"


class InvalidInput(MonitorError):
    """What was asked for makes no sense; the message names the value.

    `fields` maps the name of an input field to what is wrong with it, for doors
    that show errors beside the field.
    """

    code = "invalid"

    def __init__(self, message: str, fields: dict[str, str] | None = None) -> None:
        super().__init__(message)
        self.fields = fields or {}


class Conflict(MonitorError):
    """The thing is not in a state in which this can be done."""

    code = "conflict"


class Forbidden(MonitorError):
    """Who asks may see this and may not do it."""

    code = "forbidden"


class NotFound(MonitorError):
    """There is no such thing where who asks may look."""

    code = "not_found"


class TooManyRequests(MonitorError):
    """Too much was asked in too short a time; `retry_after_s` is the wait."""

    code = "too_many_requests"

    def __init__(self, message: str, *, retry_after_s: float) -> None:
        super().__init__(message)
        self.retry_after_s = retry_after_s


class UpstreamUnavailable(MonitorError):
    """Another system did not answer in time or answered nonsense; try again."""

    code = "upstream_unavailable"


class NotJudged(MonitorError):
    """An evaluation came to no conclusion; nothing may change because of it."""

    code = "not_judged"


class DeliveryError(MonitorError):
    """A message was not taken. `permanent` tells that trying again is useless.

    `retry_after_s` is the wait the provider asked for, if it did.
    """

    code = "delivery_failed"

    def __init__(
        self,
        message: str,
        *,
        permanent: bool = False,
        retry_after_s: float | None = None,
    ) -> None:
        super().__init__(message)
        self.permanent = permanent
        self.retry_after_s = retry_after_s
