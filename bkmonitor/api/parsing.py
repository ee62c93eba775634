"""What the door reads: JSON of a bounded size."""

from collections.abc import Mapping
from typing import IO, Any

import orjson
from rest_framework.exceptions import APIException, ParseError
from rest_framework.parsers import JSONParser

MOST_BYTES = 1 << 20


class TooLarge(APIException):
    """The body is larger than anything this door takes."""

    status_code = 413
    default_detail = f"the body has more than {MOST_BYTES} bytes"
    default_code = "too_large"


class BoundedJSONParser(JSONParser):
    """Parse strict JSON and stop reading where it gets too long.

    Strict is more than manners: NaN, halves of surrogate pairs and numbers without
    end would be taken here and refused by the database or the vault.
    """

    def parse(
        self,
        stream: IO[Any],
        media_type: str | None = None,
        parser_context: Mapping[str, Any] | None = None,
    ) -> Any:
        """Return the parsed body; 400 for no JSON, 413 for too much of it."""
        body = stream.read(MOST_BYTES + 1)
        if len(body) > MOST_BYTES:
            raise TooLarge
        try:
            return orjson.loads(body)
        except orjson.JSONDecodeError as error:
            raise ParseError(f"the body is no JSON: {error}") from error
