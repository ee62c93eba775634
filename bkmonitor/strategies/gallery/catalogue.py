"""All templates, in the order of the page."""

from collections.abc import Iterator

from bkmonitor.lib.errors import NotFound
from bkmonitor.strategies.gallery import (
    databases,
    host,
    kubernetes,
    nginx,
    outside,
    process,
    service,
)
from bkmonitor.strategies.gallery.template import Subject, Template

SUBJECTS: tuple[Subject, ...] = (
    host.SUBJECT,
    process.SUBJECT,
    outside.PROBE,
    outside.CERTIFICATE,
    outside.HEARTBEAT,
    kubernetes.SUBJECT,
    databases.POSTGRESQL,
    databases.REDIS,
    nginx.SUBJECT,
    service.SUBJECT,
)


def templates() -> Iterator[Template]:
    """Return every template."""
    for subject in SUBJECTS:
        yield from subject.templates


def find_template(key: str) -> Template:
    """Return the template of that key; NotFound if there is none."""
    for template in templates():
        if template.key == key:
            return template
    raise NotFound(f"there is no template {key!r}")
