"""Billing groups as the vendor states them; what the product works with is in the app `groups`."""

from django.db import models
from django.db.models import Q

from collector.base.fields import CentsField

from .people import Member


class CollectedGroup(models.Model):
    """What Cursor lists of a group of either kind."""

    cursor_id = models.CharField(max_length=80, unique=True)
    name = models.CharField(max_length=200)
    first_seen_at = models.DateTimeField()
    last_seen_at = models.DateTimeField()
    gone_at = models.DateTimeField(
        null=True, blank=True, help_text="When the group disappeared from Cursor's list."
    )

    class Meta:
        abstract = True
        ordering = ["name"]

    def __str__(self) -> str:
        return self.name


class DirectoryGroup(CollectedGroup):
    """One row is one directory group in Cursor, which may limit what its members spend in a month."""

    monthly_limit_dollars = models.DecimalField(
        max_digits=12, decimal_places=2, null=True, blank=True, help_text="If empty, the group has no limit."
    )
    members = models.ManyToManyField(
        Member, related_name="directory_groups", help_text="Collected only for groups that have a limit."
    )


class CursorGroup(CollectedGroup):
    """One row is one billing group in the vendor's answers."""

    spend_cents = CentsField(
        null=True,
        blank=True,
        help_text="The spend that Cursor reports for the current cycle; used only as a cross-check.",
    )
    directory_group = models.ForeignKey(
        DirectoryGroup,
        on_delete=models.SET_NULL,
        null=True,
        blank=True,
        related_name="billing_groups",
        help_text="The directory group that this group follows; that group's limit applies to its members.",
    )


class CursorGroupMembership(models.Model):
    """One row is one stay of a member in a billing group, as the vendor states it."""

    group = models.ForeignKey(CursorGroup, on_delete=models.PROTECT, related_name="memberships")
    member = models.ForeignKey(Member, on_delete=models.PROTECT, related_name="cursor_memberships")
    joined_at = models.DateTimeField()
    left_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["group", "member", "joined_at"], name="cursormembership_one_per_stay"
            ),
            models.UniqueConstraint(
                fields=["member"], condition=Q(left_at__isnull=True), name="cursormembership_one_current"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.member} in {self.group}"
