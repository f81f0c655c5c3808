"""Groups too small to be shown to readers who may not know who is who: folded into the group above."""

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping

from collector.base import names
from collector.models import Member

from .assignments.membership import UNASSIGNED, held_group_on
from .models import Group
from .names import SEPARATOR, UNASSIGNED_NAME

SIZES = "sizes of groups"  # the key of the reader's memo
TOGETHER = "Small groups"  # those that have no group above them

Place = tuple[str, ...]


def shown_paths(paths: Mapping[int, str]) -> dict[int, str]:
    """`paths` by group id as the reader may see them; a small group's is that of the group above.

    All as they are for whoever sees names, without a query; one query otherwise, once an answer. Unassigned
    is among the keys where it is among those of `paths`, or is folded.
    """
    reader = names.current()
    if not reader.are_hidden or reader.smallest_group < 2:
        return dict(paths)
    sizes = reader.once(SIZES, _sizes)
    folded = fold({UNASSIGNED: UNASSIGNED_NAME, **paths}, sizes, reader.smallest_group)
    return {pk: path for pk, path in folded.items() if pk in paths or path != UNASSIGNED_NAME}


def shown_groups() -> dict[int, tuple[int, str]]:
    """Id and path of every group, and of Unassigned, as the reader may see them: those that are folded share
    one. One query, and one more where small groups are hidden."""
    return names.current().once("shown groups", _shown_groups)


def _shown_groups() -> dict[int, tuple[int, str]]:
    paths = {UNASSIGNED: UNASSIGNED_NAME, **dict(Group.objects.values_list("pk", "name"))}
    shown, ids = shown_paths(paths), {path: pk for pk, path in paths.items()}
    for pk, path in sorted(shown.items()):
        ids.setdefault(path, pk)
    return {pk: (ids[path], path) for pk, path in shown.items()}


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


def keep_sizes(held: Iterable[int | None]) -> None:
    """For the rest of the answer: the group of each person on the team, on the reader's day."""
    names.current().once(SIZES, lambda: Counter(group_id or UNASSIGNED for group_id in held))


def _sizes() -> Counter[int]:
    """People on the team by the group that they are in on the reader's day."""
    held = Member.objects.on_team().order_by().values_list(held_group_on(names.current().day), flat=True)
    return Counter(group_id or UNASSIGNED for group_id in held)
