"""Members who turned out to be one."""

from __future__ import annotations

from django.db import models
from django.db.models import Q

UNDER_WAY = Q(finished_at__isnull=True, undone_at__isnull=True)
# The one that undoing begins with was finished once, so it is under way as well.
SEPARATING = ~Q(undone_by="") & Q(undone_at__isnull=True)


class MemberMergeQuerySet(models.QuerySet["MemberMerge"]):
    def in_force(self) -> MemberMergeQuerySet:
        return self.filter(undone_at__isnull=True)

    def under_way(self) -> MemberMergeQuerySet:
        """Merged or separated in part only: it goes on, or was interrupted."""
        return self.filter(UNDER_WAY | SEPARATING)

    def was_undone(self, kept_pk: int, gone_email: str) -> bool:
        """Whether a person has separated these two again: then only a person joins them."""
        return self.filter(kept_pk=kept_pk, gone_email=gone_email).exclude(undone_by="").exists()


class MemberMerge(models.Model):
    """One row is one merge: the member `gone_email` became part of `kept_email`, with what that changed.

    Both are numbers and addresses of that time, not references: a member that was kept may itself be merged
    later.
    """

    kept_pk = models.BigIntegerField()
    kept_email = models.CharField("kept", max_length=254)
    gone_pk = models.BigIntegerField()
    gone_email = models.CharField("merged into it", max_length=254)
    reason = models.CharField(max_length=300, blank=True)
    merged_by = models.CharField(max_length=254)
    merged_at = models.DateTimeField()
    finished_at = models.DateTimeField(
        null=True, blank=True, help_text="When the last row moved. Empty while rows are moving."
    )
    counts = models.JSONField(default=dict, help_text="Rows that moved, by table.")
    sums = models.JSONField(default=dict, help_text="Usage events and cents before and after the merge.")
    undone_by = models.CharField(max_length=254, blank=True)
    undone_at = models.DateTimeField(null=True, blank=True)

    objects = MemberMergeQuerySet.as_manager()

    class Meta:
        ordering = ["-merged_at", "-pk"]
        verbose_name = "merge of members"
        verbose_name_plural = "merges of members"
        indexes = [models.Index(fields=["kept_pk", "gone_email"], name="membermerge_pair")]

    def __str__(self) -> str:
        return f"{self.gone_email} merged into {self.kept_email}"

    @property
    def is_under_way(self) -> bool:
        """Whether it is merged or separated in part only."""
        return self.undone_at is None and (self.finished_at is None or bool(self.undone_by))


class MergePart(models.Model):
    """One row is what one part of a merge changed; undoing takes the parts back, the last one first."""

    merge = models.ForeignKey(MemberMerge, models.CASCADE, related_name="parts")
    day = models.DateField(null=True, help_text="The UTC day whose usage moved. Empty for everything else.")
    steps = models.JSONField(
        default=list, help_text="Every row changed by this part. Undoing it reverses these changes."
    )

    class Meta:
        ordering = ["pk"]

    def __str__(self) -> str:
        return f"{self.merge}: {self.day or 'everything but usage'}"
