"""Change users, spaces, members, tokens and what holds for the installation."""

import secrets
from collections.abc import Collection, Mapping
from datetime import datetime, timedelta
from typing import Any, TypeVar

from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import ValidationError
from django.db import transaction
from django.db.models import Q, QuerySet
from django.utils.translation import gettext as _

from bkmonitor.accounts.installation import installation, key_fingerprints
from bkmonitor.accounts.models import (
    ApiToken,
    Installation,
    Member,
    SetupLink,
    Space,
    User,
)
from bkmonitor.accounts.validation import as_invalid_input, check_row
from bkmonitor.lib.errors import Conflict, InvalidInput, NotFound
from bkmonitor.lib.secrets import digest

TOKEN_PREFIX = "bkm_"  # noqa: S105
USE_NOTED_EVERY = timedelta(minutes=1)
SETUP_LINK_LIFE = timedelta(hours=24)
Row = TypeVar("Row", User, Space, Installation)


@transaction.atomic
def create_user(email: str, password: str | None = None, **fields: Any) -> User:
    """Store a person; without a password they come in by an invitation first.

    `fields` are name, language, time_zone and is_superuser (an operator).
    Raises InvalidInput for an address that is taken or a password that is weak.
    """
    email = email.strip().lower()
    user = User(email=email, is_staff=fields.get("is_superuser", False), **fields)
    if password is None:
        user.set_unusable_password()
    else:
        _check_password(password, user)
        user.set_password(password)
    check_row(user)
    user.save()
    return user


def update_user(user: User, **changes: Any) -> User:
    """Change a person's name, language or time zone."""
    return _update(user, changes, allowed=("name", "language", "time_zone"))


def set_password(user: User, password: str) -> None:
    """Give a person another password, which ends all their sessions."""
    _check_password(password, user)
    user.set_password(password)
    user.save(update_fields=["password"])


@transaction.atomic
def create_space(slug: str, name: str, *, by: User | None, **fields: Any) -> Space:
    """Open a space with `by` as its administrator, in their language and time zone.

    `slug` is for ever: it is the label `space` of every sample. `fields` are
    language, time_zone and is_builtin.
    """
    if by is not None:
        fields = {"language": by.language, "time_zone": by.time_zone} | fields
    space = Space(slug=slug, name=name, **fields)
    check_row(space)
    space.save()
    if by is not None:
        Member.objects.create(user=by, space=space, role=Member.Role.ADMIN)
    return space


def update_space(space: Space, **changes: Any) -> Space:
    """Change a space's name, language or time zone."""
    return _update(space, changes, allowed=("name", "language", "time_zone"))


def add_member(space: Space, user: User, role: str) -> Member:
    """Let a person into a space; InvalidInput if they are in it already."""
    member = Member(space=space, user=user, role=role)
    check_row(member)
    member.save()
    return member


@transaction.atomic
def change_role(member: Member, role: str) -> Member:
    """Give a member another role; Conflict if nobody would be left to administer."""
    if role not in Member.Role.values:
        raise InvalidInput(
            f"{role!r} is not a role", {"role": _("%s is not a role") % role}
        )
    if role != Member.Role.ADMIN:
        _check_admin_remains(member)
    member.role = role
    member.save(update_fields=["role"])
    return member


@transaction.atomic
def remove_member(member: Member) -> None:
    """Take a person out of a space; Conflict if nobody would be left to administer."""
    _check_admin_remains(member)
    member.delete()


def create_token(
    space: Space,
    name: str,
    *,
    scopes: Collection[str],
    by: User | None,
    now: datetime,
    expires_at: datetime | None = None,
) -> tuple[ApiToken, str]:
    """Make a token; return it with its secret, which cannot be had a second time."""
    _check_scopes(scopes)
    if expires_at is not None and expires_at <= now:
        sentence = _("this moment is in the past")
        raise InvalidInput(f"expires_at: {sentence}", {"expires_at": sentence})
    secret = TOKEN_PREFIX + secrets.token_urlsafe(24)
    token = ApiToken(
        space=space,
        name=name,
        prefix=secret[:8],
        digest=digest(secret),
        scopes=[scope for scope in ApiToken.Scope.values if scope in scopes],
        created_by=by,
        expires_at=expires_at,
    )
    check_row(token)
    token.save()
    return token, secret


def revoke_token(token: ApiToken, now: datetime) -> None:
    """End a token for ever; once more changes nothing."""
    ApiToken.objects.filter(pk=token.pk, revoked_at=None).update(revoked_at=now)
    token.refresh_from_db(fields=["revoked_at"])


def note_token_use(token: ApiToken, now: datetime) -> None:
    """Note that a token was used, at most once a minute."""
    if token.last_used_at and now - token.last_used_at < USE_NOTED_EVERY:
        return
    stale = Q(last_used_at=None) | Q(last_used_at__lte=now - USE_NOTED_EVERY)
    ApiToken.objects.filter(stale, pk=token.pk).update(last_used_at=now)
    token.last_used_at = now


@transaction.atomic
def create_setup_link(now: datetime) -> str:
    """Make a one-time way in that lasts a day, return its secret; older ones end."""
    SetupLink.objects.filter(used_at=None).delete()
    secret = secrets.token_urlsafe(24)
    SetupLink.objects.create(
        digest=digest(secret), created_at=now, expires_at=now + SETUP_LINK_LIFE
    )
    return secret


def is_setup_link(secret: str, now: datetime) -> bool:
    """Tell whether a set-up link would open, without using it."""
    return _open_links(secret, now).exists()


def use_setup_link(secret: str, now: datetime) -> None:
    """Use up a set-up link; NotFound if it is unknown, used or too old.

    Of two who come at once one gets in. Call it in the transaction that makes the
    administrator, so that a failure there leaves the link as it was.
    """
    if not _open_links(secret, now).update(used_at=now):
        raise NotFound(_("this set-up link is unknown, used or too old"))


@transaction.atomic
def update_installation(**changes: Any) -> Installation:
    """Store what the wizard asks: public_url, smtp_url, mail_from, completed_at."""
    Installation.objects.get_or_create(pk=1)
    row = Installation.objects.select_for_update().get(pk=1)
    allowed = ("public_url", "smtp_url", "mail_from", "completed_at")
    return _update(row, changes, allowed=allowed)


def check_key() -> None:
    """Hold the secret key against the one this database was written with.

    The first key is noted. Raises Conflict when neither the key nor a fallback is
    the one that was noted: what is sealed could not be opened, and what would be
    sealed from now on could not be opened later.
    """
    noted = installation().key_fingerprint
    if not noted:
        note_key()
    elif noted not in key_fingerprints():
        raise Conflict(
            f"key fingerprint differs: the database was written with {noted}, "
            f"BKM_SECRET_KEY has {key_fingerprints()[0]}; give the former key, or put "
            "it in BKM_SECRET_KEY_FALLBACKS and run: manage rekey"
        )


def note_key() -> None:
    """Note the newest secret key as the one this database is written with."""
    newest = key_fingerprints()[0]
    Installation.objects.update_or_create(pk=1, defaults={"key_fingerprint": newest})


def _update(row: Row, changes: Mapping[str, Any], *, allowed: Collection[str]) -> Row:
    for name, value in changes.items():
        if name not in allowed:
            raise InvalidInput(
                f"{name} cannot be changed", {name: _("cannot be changed")}
            )
        setattr(row, name, value)
    check_row(row)
    row.save(update_fields=list(changes))
    return row


def _check_password(password: str, user: User) -> None:
    try:
        validate_password(password, user)
    except ValidationError as error:
        raise as_invalid_input(error, field="password") from error


def _check_admin_remains(member: Member) -> None:
    """Raise Conflict if `member` is the only administrator; holds all their rows."""
    admins = Member.objects.filter(space=member.space_id, role=Member.Role.ADMIN)
    if list(admins.select_for_update().values_list("pk", flat=True)) == [member.pk]:
        raise Conflict(_("the last administrator of a space has to stay"))


def _check_scopes(scopes: Collection[str]) -> None:
    unknown = sorted(set(scopes) - set(ApiToken.Scope.values))
    if unknown or not scopes:
        sentence = (
            _("%s is not a scope") % ", ".join(unknown)
            if unknown
            else _("at least one scope is needed")
        )
        raise InvalidInput(f"scopes: {sentence}", {"scopes": sentence})


def _open_links(secret: str, now: datetime) -> QuerySet[SetupLink]:
    return SetupLink.objects.filter(
        digest=digest(secret), used_at=None, expires_at__gt=now
    )
