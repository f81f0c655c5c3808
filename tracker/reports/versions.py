"""Which client version each member uses, and who is behind."""

import re
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from functools import lru_cache
from typing import NamedTuple

from django.db.models import Max, Value

from collector.models.activity import BetweenDaysQuerySet
from groups.assignments.membership import UNASSIGNED, held_group


class Client(NamedTuple):
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
    with_version = rows.exclude(client_version="").order_by()
    with_version = with_version.annotate(held_group=held_group() if by_group else Value(UNASSIGNED))
    latest_days = with_version.values_list("member_id", "client_version", "held_group").annotate(Max("day"))
    return [Client(pk, version, day, group_id) for pk, version, group_id, day in latest_days]


def newest_of_each(seen: Iterable[Client]) -> list[Client]:
    """Each member's newest known version."""
    by_member: dict[int, Client] = {}
    for client in seen:
        latest = by_member.get(client.member_id)
        if latest is None or (client.day, number(client.version)) > (
            latest.day,
            number(latest.version),
        ):
            by_member[client.member_id] = client
    return list(by_member.values())


@lru_cache(maxsize=1_000)
def number(version: str) -> tuple[int, ...]:
    """`2.1.4` as (2, 1, 4); whatever is no number in it counts as nothing."""
    return tuple(int(part) for part in re.findall(r"\d{1,9}", version))


def newest(clients: Iterable[Client]) -> str:
    return max((client.version for client in clients), key=number, default="")


def is_behind(version: str, newest: str) -> bool:
    return number(version)[:2] < number(newest)[:2]


def versions(clients: list[Client], latest: str) -> list[Version]:
    """Versions of `found`, the newest first; `latest` is the newest in use by anybody."""
    counts = Counter(client.version for client in clients)
    return [
        Version(version, count, count / len(clients), version == latest, is_behind(version, latest))
        for version, count in sorted(counts.items(), key=lambda pair: number(pair[0]), reverse=True)
    ]
