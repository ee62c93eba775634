"""People, spaces, memberships and tokens."""

from __future__ import annotations

from typing import Any, ClassVar, Self

from django.conf import settings
from django.contrib.auth.models import (
    AbstractBaseUser,
    BaseUserManager,
    PermissionsMixin,
)
from django.core.validators import RegexValidator
from django.db import models
from django.utils.translation import gettext_lazy as _

from bkmonitor.accounts.fields import (
    SealedTextField,
    check_time_zone,
    check_web_address,
)


class UserManager(BaseUserManager["User"]):
    """Make users, whose name is their e-mail address."""

    def create_user(
        self, email: str, password: str | None = None, **fields: Any
    ) -> User:
        """Store a new user; without a password they cannot log in."""
        user = self.model(email=email.strip().lower(), **fields)
        user.set_password(password)
        user.save(using=self._db)
        return user

    def create_superuser(
        self, email: str, password: str | None = None, **fields: Any
    ) -> User:
        """Store an operator, who may also use the Django admin."""
        return self.create_user(
            email, password, is_staff=True, is_superuser=True, **fields
        )

    def get_by_natural_key(self, email: str | None) -> User:
        """Find a user whatever the case of the letters."""
        return self.get(email=(email or "").strip().lower())


class User(AbstractBaseUser, PermissionsMixin):
    """A person. What they may do is said by their memberships."""

    # Kept in lower case, so that one person has one name.
    email = models.EmailField(unique=True)
    name = models.CharField(max_length=100, blank=True)
    language = models.CharField(max_length=10, choices=settings.LANGUAGES, default="en")
    time_zone = models.CharField(
        max_length=64, default="UTC", validators=[check_time_zone]
    )
    is_staff = models.BooleanField(default=False)
    is_active = models.BooleanField(default=True)
    created_at = models.DateTimeField(auto_now_add=True)

    objects: ClassVar[UserManager] = UserManager()

    USERNAME_FIELD = "email"
    REQUIRED_FIELDS: ClassVar[list[str]] = []

    def __str__(self) -> str:
        return self.name or self.email


class SpaceQuerySet(models.QuerySet["Space"]):
    """Spaces, by who may see them."""

    def visible_to(self, who: User | ApiToken) -> Self:
        """Keep the spaces in which `who` may read."""
        if isinstance(who, ApiToken):
            return self.filter(pk=who.space_id)
        return self.filter(members__user=who)


class Space(models.Model):
    """A tenant. Every row that users own belongs to one; `slug` is its label in samples."""

    slug = models.CharField(
        max_length=40,
        unique=True,
        validators=[
            RegexValidator(
                r"\A[a-z0-9][a-z0-9-]*\Z", _("lower-case letters, digits and hyphens")
            )
        ],
    )
    name = models.CharField(max_length=100)
    language = models.CharField(max_length=10, choices=settings.LANGUAGES, default="en")
    time_zone = models.CharField(
        max_length=64, default="UTC", validators=[check_time_zone]
    )
    # The space in which the service watches itself; there is one.
    is_builtin = models.BooleanField(default=False)
    created_at = models.DateTimeField(auto_now_add=True)

    objects = SpaceQuerySet.as_manager()

    class Meta:
        ordering = ["name", "pk"]

    def __str__(self) -> str:
        return self.name


class OwnedQuerySet(models.QuerySet[Any]):
    """Rows that belong to a space, by who may see them."""

    def visible_to(self, who: User | ApiToken) -> Self:
        """Keep the rows of the spaces in which `who` may read."""
        if isinstance(who, ApiToken):
            return self.filter(space_id=who.space_id)
        return self.filter(space__members__user=who)


class Member(models.Model):
    """What a user may do in a space; each role may do all that those before it may."""

    class Role(models.TextChoices):
        VIEWER = "viewer", _("Viewer")
        RESPONDER = "responder", _("Responder")
        EDITOR = "editor", _("Editor")
        ADMIN = "admin", _("Admin")

    user = models.ForeignKey(User, models.CASCADE, related_name="memberships")
    space = models.ForeignKey(Space, models.CASCADE, related_name="members")
    role = models.CharField(max_length=9, choices=Role, default=Role.VIEWER)

    objects = OwnedQuerySet.as_manager()

    class Meta:
        ordering = ["pk"]
        constraints = [
            models.UniqueConstraint(
                fields=["user", "space"], name="member_once_per_space"
            )
        ]

    def __str__(self) -> str:
        return f"{self.user} ({self.role})"


class ApiToken(models.Model):
    """A key for programs, in one space. Only its digest is kept."""

    class Scope(models.TextChoices):
        INGEST = "ingest", _("Send samples")
        READ = "read", _("Read")
        WRITE = "write", _("Read and change")

    space = models.ForeignKey(Space, models.CASCADE, related_name="tokens")
    name = models.CharField(max_length=100)
    prefix = models.CharField(max_length=12)
    digest = models.CharField(max_length=64, unique=True)
    scopes = models.JSONField(default=list)
    # Requests a second that may write samples, on average; 0 is no limit.
    rate_limit = models.PositiveIntegerField(default=100)
    max_body_mb = models.PositiveIntegerField(default=16)
    created_by = models.ForeignKey(User, models.SET_NULL, null=True, blank=True)
    created_at = models.DateTimeField(auto_now_add=True)
    expires_at = models.DateTimeField(null=True, blank=True)
    last_used_at = models.DateTimeField(null=True, blank=True)
    revoked_at = models.DateTimeField(null=True, blank=True)

    objects = OwnedQuerySet.as_manager()

    class Meta:
        ordering = ["-created_at", "-pk"]

    def __str__(self) -> str:
        return f"{self.name} ({self.prefix}…)"


class SetupLink(models.Model):
    """A one-time way in for the first administrator. Only its digest is kept."""

    digest = models.CharField(max_length=64, unique=True)
    created_at = models.DateTimeField()
    expires_at = models.DateTimeField()
    used_at = models.DateTimeField(null=True, blank=True)

    def __str__(self) -> str:
        return f"set-up link of {self.created_at:%Y-%m-%d %H:%M}"


class LoginFailure(models.Model):
    """A failed login, kept as long as it counts against the next one."""

    email = models.CharField(max_length=254)
    address = models.GenericIPAddressField()
    at = models.DateTimeField()

    class Meta:
        indexes = [
            models.Index(fields=["email", "at"], name="login_failure_email"),
            models.Index(fields=["address", "at"], name="login_failure_address"),
        ]

    def __str__(self) -> str:
        return f"{self.email} from {self.address}"


class Installation(models.Model):
    """What the wizard may set for the whole installation; a variable wins over it."""

    public_url = models.CharField(
        max_length=300, blank=True, validators=[check_web_address]
    )
    smtp_url = SealedTextField(blank=True)
    mail_from = models.EmailField(blank=True)
    key_fingerprint = models.CharField(max_length=16, blank=True)
    completed_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints = [
            models.CheckConstraint(
                name="installation_is_one_row", condition=models.Q(pk=1)
            )
        ]

    def __str__(self) -> str:
        return "installation"
