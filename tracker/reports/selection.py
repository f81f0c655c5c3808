"""Which rows the filters leave, for any days."""

from typing import Any, NamedTuple, TypeVar

from django.db.models import QuerySet

from collector.base.spans import DaySpan
from collector.base.statements import prepared
from collector.models import MemberModelDay, TeamModelDay
from collector.models.totals import MemberModelDayQuerySet
from groups.assignments import membership

Rows = TypeVar("Rows", bound=QuerySet)


class Selection(NamedTuple):
    """`group_ids` and `member_ids` are None where nobody is excluded by group, or by name."""

    group_ids: frozenset[int] | None = None
    member_ids: frozenset[int] | None = None
    model: str = ""
    surface: str = ""

    @property
    def is_everything(self) -> bool:
        return self.group_ids is None and self.member_ids is None and not (self.model or self.surface)

    @property
    def by_model(self) -> MemberModelDayQuerySet[Any, Any]:
        """Day rows for sums that ask for no member: those of everybody are added up already."""
        if self.group_ids is None and self.member_ids is None:
            return self.of(TeamModelDay.objects.filter(day_rows__gt=0))
        return self.of(MemberModelDay.objects.all())

    def of(self, rows: Rows) -> Rows:
        rows = rows.filter(model=self.model) if self.model else rows
        return self.of_members(rows.filter(surface=self.surface) if self.surface else rows)

    def of_members(self, rows: Rows) -> Rows:
        """Without the model: activity and analytics are not counted by model."""
        if self.member_ids is not None:
            rows = rows.filter(member__in=self.member_ids)
        return rows if self.group_ids is None else membership.limit_to(rows, self.group_ids)

    def keeps_member(self, pk: int) -> bool:
        return self.member_ids is None or pk in self.member_ids


@prepared
def day_rows(chosen: Selection, span: DaySpan) -> MemberModelDayQuerySet:
    """By member."""
    return chosen.of(MemberModelDay.objects.within(span)).order_by()


@prepared
def model_day_rows(chosen: Selection, span: DaySpan) -> MemberModelDayQuerySet:
    """For sums that ask for no member."""
    return chosen.by_model.within(span).order_by()
