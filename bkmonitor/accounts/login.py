"""Passwords, and how often somebody may guess them."""

from datetime import datetime, timedelta
from math import ceil

from django.contrib.auth import authenticate
from django.db.models import Q
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from bkmonitor.accounts.models import LoginFailure, User
from bkmonitor.lib.errors import InvalidInput, TooManyRequests

# How long a failure counts, and how many may count at once: for one person from
# one address; for one address; and for one person from anywhere. The last is
# high, since whoever knows an address of mail could otherwise lock its owner out.
WINDOW = timedelta(minutes=15)
PER_PERSON_AND_ADDRESS = 5
PER_ADDRESS = 20
PER_PERSON = 50
# Who comes through a local socket without a word of where from.
UNKNOWN = "0.0.0.0"  # noqa: S104


def check_login(email: str, password: str, *, address: str, now: datetime) -> User:
    """Return the person whose password this is.

    `address` is the IP address that asks, "" where nobody says. Raises InvalidInput for a wrong password
    and, in the same time, for a person there is none; TooManyRequests, without
    looking at the password, after too many failures. Call it outside a
    transaction: the failure must stay noted.
    """
    email, address = email.strip().lower()[:254], address or UNKNOWN
    if wait := login_wait(email, address=address, now=now):
        minutes = ceil(wait.total_seconds() / 60)
        sentence = ngettext(
            "too many failed logins; try again in %d minute",
            "too many failed logins; try again in %d minutes",
            minutes,
        )
        raise TooManyRequests(
            sentence % minutes, retry_after_s=ceil(wait.total_seconds())
        )
    # Noted before the password is looked at, so that guesses made at once count.
    failure = LoginFailure.objects.create(email=email, address=address, at=now)
    user = authenticate(username=email, password=password)
    if not isinstance(user, User):
        LoginFailure.objects.filter(at__lte=now - WINDOW).delete()
        raise InvalidInput(_("e-mail address or password is wrong"))
    LoginFailure.objects.filter(
        Q(pk=failure.pk) | Q(email=email, address=address)
    ).delete()
    return user


def login_wait(email: str, *, address: str, now: datetime) -> timedelta:
    """Return how long a login has to wait; zero if it may be tried at once."""
    recent = LoginFailure.objects.filter(at__gt=now - WINDOW)
    limits = (
        (recent.filter(email=email, address=address), PER_PERSON_AND_ADDRESS),
        (recent.filter(address=address), PER_ADDRESS),
        (recent.filter(email=email), PER_PERSON),
    )
    waits = [timedelta(0)]
    for failures, most in limits:
        # The wait ends when the failure that filled the measure is forgotten.
        filling = failures.order_by("-at").values_list("at", flat=True)[most - 1 : most]
        waits += [at + WINDOW - now for at in filling]
    return max(waits)
