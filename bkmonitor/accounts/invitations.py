"""Let somebody new into a space: a link at which they choose their password."""

from django.contrib.auth.tokens import PasswordResetTokenGenerator
from django.db import transaction
from django.utils.http import urlsafe_base64_decode, urlsafe_base64_encode
from django.utils.translation import gettext as _

from bkmonitor.accounts.models import Member, Space, User
from bkmonitor.accounts.services import (
    add_member,
    create_user,
    set_password,
    update_user,
)
from bkmonitor.lib.errors import NotFound


class _InvitationTokens(PasswordResetTokenGenerator):
    """Signed with the secret key; ends with the first password and after three days."""

    key_salt = "bkmonitor.accounts.invitations"


_tokens = _InvitationTokens()


@transaction.atomic
def invite(
    space: Space, email: str, role: str, *, by: User | None
) -> tuple[Member, str]:
    """Make somebody a member; return the member and the path of an invitation.

    The path is "" for who has a password already: they see the space at once.
    """
    user = User.objects.filter(email=email.strip().lower()).first()
    if user is None:
        user = create_user(email, language=space.language, time_zone=space.time_zone)
    member = add_member(space, user, role)
    return member, invitation_path(user, by=by)


def invitation_path(user: User, *, by: User | None) -> str:
    """Return the path at which an invited person chooses a password, or "".

    None for who has a password, and none either while they are a member of a space
    that `by` does not administer: the link is the key to all of their spaces.
    """
    theirs = set(user.memberships.values_list("space", flat=True))
    mine = Member.objects.filter(user=by, role=Member.Role.ADMIN)
    if user.has_usable_password() or theirs - set(mine.values_list("space", flat=True)):
        return ""
    uid = urlsafe_base64_encode(str(user.pk).encode())
    return f"/welcome/{uid}/{_tokens.make_token(user)}/"


def find_invited(uid: str, token: str) -> User | None:
    """Return who an invitation is for; None if it is wrong, used or too old."""
    try:
        pk = int(urlsafe_base64_decode(uid))
    except ValueError:
        return None
    user = User.objects.filter(pk=pk, is_active=True).first()
    return user if user and _tokens.check_token(user, token) else None


@transaction.atomic
def accept_invitation(uid: str, token: str, password: str, *, name: str = "") -> User:
    """Give an invited person their password, which uses the invitation up.

    Raises NotFound for an invitation that does not hold, InvalidInput for a weak
    password.
    """
    user = find_invited(uid, token)
    if user is None:
        raise NotFound(_("this invitation is unknown, used or too old"))
    set_password(user, password)
    return update_user(user, name=name) if name else user
