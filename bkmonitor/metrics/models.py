"""Where samples are fetched from."""

from django.db import models
from django.utils.translation import gettext_lazy as _

from bkmonitor.accounts.fields import SealedTextField
from bkmonitor.accounts.models import OwnedQuerySet, Space


class ScrapeTarget(models.Model):
    """An endpoint whose metrics are fetched again and again into a space."""

    space = models.ForeignKey(Space, models.CASCADE, related_name="scrape_targets")
    name = models.CharField(max_length=100)
    # Not a URLField, which knows no host of a single word.
    url = models.CharField(max_length=500)
    labels = models.JSONField(default=dict, blank=True)
    interval_s = models.PositiveIntegerField(default=30)
    enabled = models.BooleanField(default=True)
    username = models.CharField(max_length=100, blank=True)
    password = SealedTextField(blank=True)
    bearer_token = SealedTextField(blank=True)
    verify_tls = models.BooleanField(default=True)
    ca_certificate = models.TextField(
        blank=True, help_text=_("PEM; empty for the usual authorities")
    )
    created_at = models.DateTimeField(auto_now_add=True)

    objects = OwnedQuerySet.as_manager()

    class Meta:
        ordering = ["name", "pk"]
        constraints = [
            models.UniqueConstraint(
                fields=["space", "name"], name="scrape_target_name_unique"
            ),
            models.CheckConstraint(
                name="scrape_target_interval", condition=models.Q(interval_s__gte=5)
            ),
        ]

    def __str__(self) -> str:
        return self.name
