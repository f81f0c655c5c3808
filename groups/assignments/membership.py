"""Which group a member is in on a day."""

from collections.abc import Callable, Collection, Iterator
from datetime import date
from typing import Any, TypeVar

from django.db import connection
from django.db.models import BigIntegerField, OuterRef, QuerySet, Subquery, Value
from django.db.models.functions import Coalesce

from collector.base import names
from collector.base.money import in_cents
from collector.base.statements import Statement, count_sum, micro_sum, statement
from collector.facts.weeks import Weekly, of_weeks
from collector.models import Member
from collector.models.totals import MemberModelDayQuerySet
from groups.models import Assignment, Group

# The id that stands for "in no group"; the database's ids begin at 1.
UNASSIGNED = 0

Rows = TypeVar("Rows", bound=QuerySet)


def held_group() -> Coalesce:
    """For day rows (with `member` and `day`): the id of the group held on that day, or UNASSIGNED."""
    group = (
        Assignment.objects.filter(member=OuterRef("member"), from_day__lte=OuterRef("day"))
        .order_by("-from_day")
        .values("group")[:1]
    )
    return Coalesce(Subquery(group), Value(UNASSIGNED), output_field=BigIntegerField())


def held_group_on(day: date) -> Subquery:
    """For members: the id of the group held on `day`; None without one."""
    made = Assignment.objects.filter(member=OuterRef("pk"), from_day__lte=day).order_by("-from_day")
    return Subquery(made.values("group")[:1])


def limit_to(rows: Rows, group_ids: Collection[int]) -> Rows:
    """Day rows (with `member` and `day`) whose member was in one of the groups on that day.

    UNASSIGNED among the ids means days in no group. No ids, no rows.
    """
    if UNASSIGNED not in group_ids:  # members without an assignment have no row
        # Excludes first whoever was never in these groups: looking at the day of each row costs more.
        ever = Assignment.objects.filter(group__in=group_ids).order_by()
        rows = rows.filter(member__in=ever.values("member"))
    return rows.alias(held_group=held_group()).filter(held_group__in=group_ids)


# Each stay ends where the member's next one begins. One pass over the rows, whoever moves within their days.
STAYS = """
WITH stays AS (
    SELECT member_id, group_id, from_day,
        LEAD(from_day) OVER (PARTITION BY member_id ORDER BY from_day) AS until_day
    FROM {assignment}
)
"""
BY_DAY = """
SELECT COALESCE(stays.group_id, {unassigned}) AS held, {keys}, {sums}
FROM ({rows}) AS spent LEFT JOIN stays ON stays.member_id = spent.member_id
    AND stays.from_day <= spent.day AND (stays.until_day IS NULL OR spent.day < stays.until_day)
"""
# Most members are in one group on all these days: what they spent is added up before it is looked up, which
# takes half the time, and where it is known by weeks, less than a quarter.
BY_MEMBER = """
, known AS (SELECT MIN(day) AS first_day FROM ({rows}) AS own),
movers AS (SELECT member_id FROM {assignment} WHERE from_day > (SELECT first_day FROM known))
SELECT COALESCE((
    SELECT group_id FROM {assignment} AS stay
    WHERE stay.member_id = spent.member_id AND from_day <= (SELECT first_day FROM known)
    ORDER BY from_day DESC LIMIT 1
), {unassigned}) AS held, {keys}, {sums_of_whole}
FROM ({whole}) AS spent WHERE member_id NOT IN (SELECT member_id FROM movers) GROUP BY {keys}
UNION ALL
"""
OF_MOVERS = "WHERE spent.member_id IN (SELECT member_id FROM movers)"


def sums_by_group(
    rows: MemberModelDayQuerySet | Statement | None,
    *fields: str,
    keys: tuple[str, ...] = ("member_id",),
    weekly: Weekly | None = None,
) -> Iterator[tuple[Any, ...]]:
    """Rows added up: (group held on the row's day, *keys, sums of the fields), as the database gives them.

    One query; `weekly` are the same rows, if they are known by weeks. Money has its six places.
    """
    named = statement(rows) if isinstance(rows, QuerySet) else rows
    if named is None:  # whoever asks sees nobody
        return
    (spent, values), is_by_day = named, "day" in keys
    sums, names = [_sum_of(name) for name in fields], [name.replace("cents", "micro") for name in fields]
    known = weekly and of_weeks(weekly, keys, names)
    whole, more = known or named
    parts = [STAYS, BY_DAY] if is_by_day else [STAYS, BY_MEMBER, BY_DAY, OF_MOVERS]
    asked = "".join([*parts, " GROUP BY held, {keys}"]).format(
        assignment=Assignment._meta.db_table,
        unassigned=UNASSIGNED,
        rows=spent,
        whole=whole,
        keys=", ".join(f"spent.{key}" for key in keys),
        sums=", ".join(sums),
        sums_of_whole=", ".join(map(_sum_of, names) if known else sums),
    )
    with connection.cursor() as cursor:
        cursor.execute(asked, values if is_by_day else (*values, *more, *values))
        found = cursor.fetchall()
    read = [(place, READ[name]) for place, name in enumerate((*keys, *fields)) if name in READ]
    for group_id, *row in found:
        for place, value_of in read:
            row[place] = value_of(row[place])
        yield group_id, *row[: len(keys)], row[len(keys) :]


def _as_date(day: date | str) -> date:
    """SQLite has no dates."""
    return date.fromisoformat(day) if isinstance(day, str) else day


# What comes of the values of columns that are not taken as they come.
READ: dict[str, Callable[[Any], Any]] = {"day": _as_date, "total_cents": in_cents, "billed_cents": in_cents}


def _sum_of(field: str) -> str:
    """Money in millionths of a cent."""
    return (micro_sum if field.endswith("_cents") else count_sum)(f"spent.{field}")


def held_groups(day: date) -> dict[int, int | None]:
    """The id of the group that each member with any assignment is in on `day`. One query, once an answer."""
    return names.current().once(("held groups", day), lambda: dict(made_until(day)))  # the last made holds


def groups_of(member_ids: Collection[int], day: date) -> frozenset[int]:
    """The groups that these members are or were in up to `day`, UNASSIGNED always. The same query."""
    return frozenset(
        {UNASSIGNED, *(group or UNASSIGNED for pk, group in made_until(day) if pk in member_ids)}
    )


def made_until(day: date) -> list[tuple[int, int | None]]:
    """Member and group of all assignments up to `day`, in their order."""
    made = Assignment.objects.filter(from_day__lte=day).order_by("member_id", "from_day")
    rows = made.values_list("member_id", "group_id")
    return names.current().once(("assignments made", day), lambda: list(rows))


def current(day: date) -> dict[int, Group | None]:
    """Every member's group on `day` by member id, None for Unassigned. Three queries."""
    held = held_groups(day)  # before the groups: one that is made meanwhile is among them, one removed is not
    groups: dict[int | None, Group] = Group.objects.in_bulk()
    nowhere: dict[int, Group | None] = dict.fromkeys(Member.objects.values_list("pk", flat=True))
    return nowhere | {pk: groups.get(group_id) for pk, group_id in held.items()}


def members_of(group_ids: Collection[int], day: date) -> set[int]:
    """Ids of the members who are in one of the groups on `day`; UNASSIGNED as in `limit_to`."""
    wanted = set(group_ids)
    return {
        member_id
        for member_id, group in current(day).items()
        if (group.pk if group else UNASSIGNED) in wanted
    }
