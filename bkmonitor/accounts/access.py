"""Who may do what: roles of users and scopes of tokens, on one scale."""

from django.utils.translation import gettext as _

from bkmonitor.accounts.models import ApiToken, Member, User
from bkmonitor.lib.errors import Forbidden, NotFound

Principal = User | ApiToken
Role = Member.Role

# Each role may do all that those before it may.
ORDER = tuple(Role)


def role_in(who: Principal, space_id: int) -> Member.Role | None:
    """Return the role of `who` in a space; None for who has none there.

    A token that may write counts as an editor, one that may read as a viewer; one
    that only sends samples has no role, and none has one outside its own space.
    """
    if isinstance(who, ApiToken):
        return _role_of_token(who) if who.space_id == space_id else None
    role = (
        Member.objects.filter(user=who, space_id=space_id)
        .values_list("role", flat=True)
        .first()
    )
    return Role(role) if role else None


def allows(role: Member.Role | None, needed: Member.Role) -> bool:
    """Tell whether a role is enough for what needs `needed`."""
    return role is not None and ORDER.index(role) >= ORDER.index(needed)


def require(who: Principal, space_id: int, needed: Member.Role) -> None:
    """Let through who has at least the role `needed` in the space.

    Raises NotFound to who has no business in the space, so that its existence is
    not told; Forbidden to who has, with too low a role or too small a scope.
    """
    role = role_in(who, space_id)
    if allows(role, needed):
        return
    if role is None and not (isinstance(who, ApiToken) and who.space_id == space_id):
        raise NotFound(f"there is no space {space_id} here")
    if isinstance(who, ApiToken):
        raise Forbidden(
            _("the token may %(scopes)s, and this needs the role %(role)s")
            % {"scopes": ", ".join(who.scopes), "role": needed.value}
        )
    raise Forbidden(
        _("this needs the role %(role)s, and yours is %(own)s")
        % {"role": needed.label, "own": role.label if role else ""}
    )


def may_create_spaces(who: Principal) -> bool:
    """Tell whether `who` may open a new space: operators and any space's admins."""
    if isinstance(who, ApiToken):
        return False
    administers = Member.objects.filter(user=who, role=Role.ADMIN)
    return who.is_superuser or administers.exists()


def _role_of_token(token: ApiToken) -> Member.Role | None:
    if ApiToken.Scope.WRITE in token.scopes:
        return Role.EDITOR
    if ApiToken.Scope.READ in token.scopes:
        return Role.VIEWER
    return None
