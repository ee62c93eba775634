"""What a room refuses, shown beside the field it is about."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager

from django import forms

from bkmonitor.lib.errors import Conflict, InvalidInput, UpstreamUnavailable


@contextmanager
def errors_beside(
    form: forms.Form, names: Mapping[str, str] | None = None
) -> Iterator[None]:
    """Turn what a service refuses inside the block into errors of `form`.

    InvalidInput.fields go beside the fields of the same name (`names` maps those
    that differ), everything else above the form. Look at `form.is_valid()` again
    after the block.
    """
    try:
        yield
    except InvalidInput as error:
        add_errors(form, error, names)
    except (Conflict, UpstreamUnavailable) as error:
        form.add_error(None, str(error))


def add_errors(
    form: forms.Form, error: InvalidInput, names: Mapping[str, str] | None = None
) -> None:
    """Put what `error` says of its fields beside those of the form."""
    for name, sentence in error.fields.items():
        field = (names or {}).get(name, name)
        form.add_error(field if field in form.fields else None, sentence)
    if not error.fields:
        form.add_error(None, str(error))
