"""What the door reads: JSON of a bounded size."""

from collections.abc import Mapping
from io import BytesIO
from typing import IO, Any

from rest_framework.exceptions import APIException
from rest_framework.parsers import JSONParser

MOST_BYTES = 1 << 20


class TooLarge(APIException):
    """The body is larger than anything this door takes."""

    status_code = 413
    default_detail = f"the body has more than {MOST_BYTES} bytes"
    default_code = "too_large"


class BoundedJSONParser(JSONParser):
    """Parse JSON and stop reading where it gets too long."""

    def parse(
        self,
        stream: IO[Any],
        media_type: str | None = None,
        parser_context: Mapping[str, Any] | None = None,
    ) -> Any:
        """Return the parsed body; 413 for one that is too large."""
        body = stream.read(MOST_BYTES + 1)
        if len(body) > MOST_BYTES:
            raise TooLarge
        return super().parse(BytesIO(body), media_type, parser_context)
