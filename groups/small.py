"""Groups too small to be shown to readers who may not know who is who: folded into the group above."""

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping
from datetime import date, datetime, timedelta
from itertools import accumulate, groupby
from operator import itemgetter

from collector.base import names
from collector.base.days import utc_day
from collector.base.names import Names
from collector.base.statements import prepared
from collector.models import Member

from .assignments.membership import UNASSIGNED
from .models import Group
from .names import SEPARATOR, UNASSIGNED_NAME

# Keys of the reader's memo.
SIZES, SHOWN, SINCE, MADE = "sizes of groups", "shown groups", "since when", "assignments"
# What pages show beside their period, such as a trend or the present cycle, goes back as far.
ALWAYS = timedelta(days=31)
TOGETHER = "Small groups"  # those that have no group above them

Place = tuple[str, ...]
# A person, when they went, their group and since when; one without any for who never was in one.
Made = tuple[int, datetime | None, int | None, date | None]


def shown_paths(paths: Mapping[int, str]) -> dict[int, str]:
    """`paths` by group id as the reader may see them; a small group's is that of the group above.

    All as they are for whoever sees names, without a query; one query otherwise, once an answer. Unassigned
    is among the keys where it is among those of `paths`, or is folded.
    """
    reader = names.current()
    if not reader.are_hidden or reader.smallest_group < 2:
        return dict(paths)
    folded = fold({UNASSIGNED: UNASSIGNED_NAME, **paths}, smallest_sizes(), reader.smallest_group)
    return {pk: path for pk, path in folded.items() if pk in paths or path != UNASSIGNED_NAME}


def shown_groups() -> dict[int, tuple[int, str]]:
    """Id and path of every group, and of Unassigned, as the reader may see them: those that are folded share
    one. One query, and one more where small groups are hidden."""
    return names.current().once(SHOWN, _shown_groups)


def forget_shown_groups() -> None:
    """Read them again when they are next asked for."""
    (names.current().memo or {}).pop(SHOWN, None)


def _shown_groups() -> dict[int, tuple[int, str]]:
    paths = {UNASSIGNED: UNASSIGNED_NAME, **dict(_names())}
    shown, ids = shown_paths(paths), {path: pk for pk, path in paths.items()}
    for pk, path in sorted(shown.items()):
        ids.setdefault(path, pk)
    return {pk: (ids[path], path) for pk, path in shown.items()}


_names = prepared(lambda: Group.objects.order_by().values_list("pk", "name"))


def fold(paths: Mapping[int, str], sizes: Mapping[int, int], least: int) -> dict[int, str]:
    """Each group's path, or that of the nearest group above under which at least `least` people stand.

    What a group holds beside the groups shown below it is so many people or none: it cannot be had by
    subtraction either. From the leaves to the top; of several the smallest is folded first.
    """
    places: dict[int, Place] = {pk: tuple(path.split(SEPARATOR)) for pk, path in paths.items()}
    for depth in range(max(map(len, places.values()), default=0), 0, -1):
        families: dict[Place, dict[Place, list[int]]] = defaultdict(lambda: defaultdict(list))
        for pk, place in places.items():
            if len(place) >= depth:
                families[place[: depth - 1]][place[:depth]].append(pk)
        for parent, units in families.items():
            beside = sum(sizes.get(pk, 0) for pk, place in places.items() if place == parent)
            for pks in sorted(units.values(), key=lambda pks: sum(sizes.get(pk, 0) for pk in pks)):
                size = sum(sizes.get(pk, 0) for pk in pks)
                if size >= least and not 0 < beside < least:
                    break
                beside += size
                places |= dict.fromkeys(pks, parent)
    return {pk: SEPARATOR.join(place) or TOGETHER for pk, place in places.items()}


def look_back_to(first: date) -> None:
    """For the rest of the answer, whose figures begin on `first`: hide groups that were small since then."""
    reader = names.current()
    if reader.are_hidden and reader.memo is not None and first < since_when(reader):
        reader.memo[SINCE] = first
        reader.memo.pop(SIZES, None)
        forget_shown_groups()


def since_when(reader: Names) -> date:
    """The first day of what the answer shows."""
    return reader.once(SINCE, lambda: reader.day - ALWAYS)


def smallest_sizes() -> Counter[int]:
    """How few people were in each group, on the reader's day or on an earlier one, of those shown, with any.
    One query, once an answer, unless `keep_assignments` had them."""
    return names.current().once(SIZES, _sizes)


def _sizes() -> Counter[int]:
    reader = names.current()
    since, now = since_when(reader), Counter[int]()
    steps: defaultdict[int, Counter[date]] = defaultdict(Counter)
    for group_id, first, until in _stays(reader.day):
        if until > since:
            steps[group_id][max(first, since)] += 1
            steps[group_id][until] -= 1
        now[group_id] += until > reader.day
    return Counter({pk: _fewest(changes, now[pk]) for pk, changes in steps.items()})


def _fewest(changes: Mapping[date, int], now: int) -> int:
    """The smallest number on any day with some, up to `now`."""
    counts = accumulate(change for _, change in sorted(changes.items()))
    return min([now, *filter(None, counts)])


def keep_assignments(made: Iterable[Made]) -> None:
    """For the rest of the answer: those of all people who are not removed."""
    names.current().once(MADE, lambda: list(made))


def _load_assignments() -> list[Made]:
    people = Member.objects.people().filter(is_removed=False).order_by()
    return list(people.values_list("pk", "gone_at", "assignments__group", "assignments__from_day"))


def _stays(day: date) -> Iterator[tuple[int, date, date]]:
    """Of each person up to `day`: group, first day, and the day after the last."""
    made = names.current().once(MADE, _load_assignments)
    for (_, gone_at), own in groupby(sorted(made, key=_place_in_time), itemgetter(0, 1)):
        until = utc_day(gone_at) if gone_at else date.max
        held, first = UNASSIGNED, date.min
        for *_, group_id, from_day in own:
            if from_day is None or from_day > day:
                break
            if first < (last := min(from_day, until)):
                yield held, first, last
            held, first = group_id or UNASSIGNED, from_day
        if first < until:
            yield held, first, until


def _place_in_time(made: Made) -> tuple[int, date]:
    pk, _, _, from_day = made
    return pk, from_day or date.min
