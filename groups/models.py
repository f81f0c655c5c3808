"""Who belongs where, and since when."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date

from django.db import models
from django.db.models import F, Q
from django.db.models.functions import Lower
from simple_history.models import HistoricalRecords

from collector.models import CursorGroup, Member

from .budgets.models import BudgetSettings, BudgetStep, CycleBudget  # noqa: F401  (tables of this app)
from .names import MAX_LENGTH, UNASSIGNED_NAME


class GroupQuerySet(models.QuerySet["Group"]):
    def locked(self) -> GroupQuerySet:
        """Rows that whoever else closes or renames groups waits for, until this transaction is over."""
        return self.select_for_update(no_key=True).order_by("pk")

    def open(self) -> GroupQuerySet:
        """Groups that can hold members now: neither deleted nor merged into another."""
        return self.filter(closed_day__isnull=True)


class Group(models.Model):
    """One row is one billing group. Its name is the whole path, `Parent > Team`.

    A group never goes: it is closed, so that the days on which it held members keep it.
    """

    name = models.CharField(
        max_length=MAX_LENGTH, help_text="The whole path, such as Engineering > Platform."
    )
    cursor_group = models.OneToOneField(
        CursorGroup,
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="group",
        help_text="The group at Cursor that this one follows. Empty if the group was created here.",
    )
    is_name_local = models.BooleanField(
        default=False, help_text="Renamed here. A new name at Cursor does not replace this name."
    )
    closed_day = models.DateField(
        "deleted on", null=True, blank=True, help_text="The first day on which the group has no members."
    )
    merged_into = models.ForeignKey(
        "self",
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="merged",
        help_text="The group that receives members whom Cursor still assigns to this deleted group.",
    )
    created_at = models.DateTimeField()

    objects = GroupQuerySet.as_manager()
    history = HistoricalRecords()

    class Meta:
        verbose_name = "billing group"
        ordering = ["name"]
        constraints = [
            models.UniqueConstraint(
                Lower("name"),
                name="group_name_unique",
                violation_error_message="A group with this name already exists.",
            ),
            models.CheckConstraint(
                condition=~Q(name__iexact=UNASSIGNED_NAME),
                name="group_not_unassigned",
                violation_error_message=f"“{UNASSIGNED_NAME}” is reserved for members without a group.",
            ),
            models.CheckConstraint(
                condition=Q(merged_into__isnull=True) | Q(closed_day__isnull=False),
                name="group_merged_is_closed",
                violation_error_message="Only a deleted group can be marked as merged into another.",
            ),
            models.CheckConstraint(
                condition=Q(merged_into__isnull=True) | ~Q(merged_into=F("id")),
                name="group_not_merged_into_itself",
                violation_error_message="A group cannot be merged into itself.",
            ),
        ]

    def __str__(self) -> str:
        return self.name

    def heirs(self) -> Iterator[Group]:
        """This group and those that merges lead to, one after another, each once. A query per merge."""
        group: Group | None = self
        passed: set[int] = set()
        while group and group.pk not in passed:
            yield group
            passed.add(group.pk)
            group = group.merged_into

    def heir(self, day: date) -> Group | None:
        """The group that holds on `day` whoever is put into this one; None for nobody, as in a ring."""
        return next((group for group in self.heirs() if not group.closed_day or group.closed_day > day), None)

    def leads_to(self, other_id: int) -> bool:
        """Whether the merges that begin with this group pass through the other one."""
        return any(group.pk == other_id for group in self.heirs())


class Assignment(models.Model):
    """One row puts one member into one group, or into none, from one UTC day on.

    It holds until the member's next row. There is no end to store, so two stays of a member cannot overlap:
    with at most one row a day, nobody is ever in two groups on a day.
    """

    class SetBy(models.TextChoices):
        CURSOR = "cursor", "Cursor"
        MANUAL = "manual", "set here"
        HIBOB = "hibob", "HiBob import"
        BACKUP = "backup", "CSV import"

    member = models.ForeignKey(Member, on_delete=models.PROTECT, related_name="assignments", db_index=False)
    group = models.ForeignKey(
        Group,
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="assignments",
        help_text="If empty, the member is Unassigned.",
    )
    from_day = models.DateField(
        help_text="The first day (UTC). The assignment lasts until the member's next one."
    )
    source = models.CharField(
        max_length=8,
        choices=SetBy,
        help_text="From that day on, any other source takes precedence over Cursor.",
    )
    changed_by = models.CharField(
        max_length=200, help_text="Who made the change: a user, a command or Cursor."
    )
    changed_at = models.DateTimeField()

    history = HistoricalRecords(
        verbose_name="change of assignment", verbose_name_plural="changes of assignments"
    )

    class Meta:
        ordering = ["member_id", "from_day"]
        constraints = [
            # Its index also answers "which group on that day" for each row of a page's filter.
            models.UniqueConstraint(
                fields=["member", "from_day"],
                name="assignment_one_per_member_day",
                violation_error_message="This member already has an assignment that starts on that day.",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.member} in {self.group or UNASSIGNED_NAME} from {self.from_day}"

    @property
    def is_local(self) -> bool:
        return self.source != self.SetBy.CURSOR


class GroupImport(models.Model):
    """One row is one uploaded file: what it says, what it would change, what of it was applied and undone."""

    class FileKind(models.TextChoices):
        HIBOB = "hibob", "HiBob People Directory"
        BACKUP = "backup", "CSV of e-mail, name, group"

    class ImportState(models.TextChoices):
        PREVIEWED = "previewed", "previewed"
        APPLIED = "applied", "applied"
        UNDONE = "undone", "undone"

    kind = models.CharField(max_length=8, choices=FileKind)
    file_name = models.CharField(max_length=200)
    from_day = models.DateField(help_text="The first day on which its moves take effect.")
    targets = models.JSONField(help_text="The file's people, as read.")
    plan = models.JSONField(help_text="The changes it would make, as shown in the preview.")
    status = models.CharField(max_length=10, choices=ImportState, default=ImportState.PREVIEWED)
    before = models.JSONField(
        default=dict, help_text="What applying it replaced. Undoing the import restores this."
    )
    uploaded_by = models.CharField(max_length=200)
    uploaded_at = models.DateTimeField()
    applied_by = models.CharField(max_length=200, blank=True)
    applied_at = models.DateTimeField(null=True, blank=True)
    undone_by = models.CharField(max_length=200, blank=True)
    undone_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ["-uploaded_at"]
        constraints = [
            models.CheckConstraint(
                condition=Q(status="previewed", applied_at__isnull=True, undone_at__isnull=True)
                | Q(status="applied", applied_at__isnull=False, undone_at__isnull=True)
                | Q(status="undone", applied_at__isnull=False, undone_at__isnull=False),
                name="groupimport_times_fit_status",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.file_name} of {self.uploaded_at.day} {self.uploaded_at:%b %Y, %H:%M}"


class MemberPlace(Member):
    """A member, seen as somebody who is in a group: the admin's list for moving people.

    The list's query adds the four of the member's latest assignment.
    """

    held_name: str | None
    held_since: date | None
    held_source: str | None
    held_by: str | None

    class Meta:
        proxy = True
        verbose_name = "member"
        verbose_name_plural = "members by group"
