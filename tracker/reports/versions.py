"""Which client version each member uses, and who is behind."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from functools import lru_cache

from django.db.models import Max, Value

from collector.models.activity import BetweenDaysQuerySet
from groups.assignments.membership import UNASSIGNED, held_group


@dataclass(frozen=True)
class Client:
    """The version a member used on the last day on which one is known."""

    member_id: int
    version: str
    day: date
    group_id: int = UNASSIGNED


@dataclass(frozen=True)
class Version:
    """`is_behind`: an older minor version than the newest in use; patches alone do not count."""

    version: str
    members: int
    share: float
    is_newest: bool
    is_behind: bool


def clients(rows: BetweenDaysQuerySet, *, by_group: bool) -> list[Client]:
    """Each version of each member on the last day it was seen, apart by the group of the day if asked. One
    query."""
    known = rows.exclude(client_version="").order_by()
    known = known.annotate(held_group=held_group() if by_group else Value(UNASSIGNED))
    found = known.values_list("member_id", "client_version", "held_group").annotate(Max("day"))
    return [Client(pk, version, day, group_id) for pk, version, group_id, day in found]


def newest_of_each(seen: Iterable[Client]) -> list[Client]:
    """Each member's newest known version."""
    found: dict[int, Client] = {}
    for client in seen:
        held = found.get(client.member_id)
        if held is None or (client.day, number(client.version)) > (held.day, number(held.version)):
            found[client.member_id] = client
    return list(found.values())


@lru_cache(maxsize=1_000)
def number(version: str) -> tuple[int, ...]:
    """`2.1.4` as (2, 1, 4); whatever is no number in it counts as nothing."""
    return tuple(int(part) for part in re.findall(r"\d{1,9}", version))


def newest(found: Iterable[Client]) -> str:
    return max((client.version for client in found), key=number, default="")


def is_behind(version: str, newest: str) -> bool:
    return number(version)[:2] < number(newest)[:2]


def versions(found: list[Client], latest: str) -> list[Version]:
    """Versions of `found`, the newest first; `latest` is the newest in use by anybody."""
    counts = Counter(client.version for client in found)
    return [
        Version(version, count, count / len(found), version == latest, is_behind(version, latest))
        for version, count in sorted(counts.items(), key=lambda pair: number(pair[0]), reverse=True)
    ]
