"""Members who turned out to be one."""

from __future__ import annotations

from django.db import models


class MemberMergeQuerySet(models.QuerySet["MemberMerge"]):
    def in_force(self) -> MemberMergeQuerySet:
        return self.filter(undone_at__isnull=True)

    def was_undone(self, kept_pk: int, gone_email: str) -> bool:
        """Whether a person has separated these two again: then only a person joins them."""
        undone = self.filter(kept_pk=kept_pk, gone_email=gone_email, undone_at__isnull=False)
        return undone.exists()


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
    counts = models.JSONField(default=dict, help_text="Rows that moved, by table.")
    sums = models.JSONField(default=dict, help_text="Usage events and cents before and after the merge.")
    steps = models.JSONField(
        default=list, help_text="Every row changed by the merge. Undoing the merge reverses these changes."
    )
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
