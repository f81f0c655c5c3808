"""Members who are probably the same person: suggested, never merged automatically."""

from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from itertools import combinations

from django.db.models import Max, Min

from collector.models import Member, MemberModelDay

# Between the last usage of the one and the first of the other; the day of the change may count for both.
GAP, OVERLAP = timedelta(days=31), timedelta(days=2)


@dataclass(frozen=True)
class LikelyPair:
    """Two members, the one to keep first, and why they may be one."""

    keep: Member
    gone: Member
    reason: str


def likely_pairs() -> list[LikelyPair]:
    """Pairs that share one of Cursor's ids, or a name where one stopped when the other began. Two queries."""
    people = list(Member.objects.people().order_by("first_seen_at", "pk"))
    pairs: dict[tuple[int, int], LikelyPair] = {}
    for one, other in _sharing(people, "numeric_id"):
        pairs[one.pk, other.pk] = LikelyPair(one, other, f"Cursor’s number {one.numeric_id} belongs to both")
    same_name = [pair for pair in _sharing(people, "name") if not _are_two_seats(*pair)]
    days = _days_of({member.pk for pair in same_name for member in pair})
    for one, other in same_name:
        if _follow_each_other(days.get(one.pk), days.get(other.pk)):
            pair = LikelyPair(one, other, "the same name, and one stopped when the other began")
            pairs.setdefault((one.pk, other.pk), pair)
    return list(pairs.values())


def _sharing(people: Iterable[Member], field: str) -> Iterator[tuple[Member, Member]]:
    groups: dict[str, list[Member]] = defaultdict(list)
    for member in people:
        if value := getattr(member, field).strip().casefold():
            groups[value].append(member)
    for members in groups.values():
        yield from combinations(members, 2)


def _are_two_seats(one: Member, other: Member) -> bool:
    """Whether Cursor lists both at present: namesakes."""
    return all(member.role and member.gone_at is None and not member.is_removed for member in (one, other))


def _days_of(member_ids: set[int]) -> dict[int, tuple[date, date]]:
    rows = MemberModelDay.objects.filter(member_id__in=member_ids).values("member_id").order_by()
    spans = rows.annotate(first=Min("day"), last=Max("day")).values_list("member_id", "first", "last")
    return {pk: (first, last) for pk, first, last in spans}


def _follow_each_other(one: tuple[date, date] | None, other: tuple[date, date] | None) -> bool:
    if not (one and other):
        return False
    (_, stopped), (began, _) = sorted((one, other))
    return -OVERLAP <= began - stopped <= GAP
