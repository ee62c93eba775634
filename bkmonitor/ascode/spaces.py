"""Which space a command means."""

from django.core.management.base import CommandError

from bkmonitor.accounts.models import Space


def named_space(slug: str) -> Space:
    """Return the space of that slug; CommandError names those there are."""
    space = Space.objects.filter(slug=slug).first()
    if space is None:
        known = ", ".join(Space.objects.order_by("slug").values_list("slug", flat=True))
        raise CommandError(f"there is no space {slug!r}; there are: {known}")
    return space
