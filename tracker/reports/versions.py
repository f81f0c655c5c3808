"""Which client version each member uses, and who is behind."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from functools import lru_cache

from django.db.models import Max

from collector.models.activity import BetweenDaysQuerySet


@dataclass(frozen=True)
class Client:
    """The version a member used on the last day on which one is known."""

    member_id: int
    version: str
    day: date


@dataclass(frozen=True)
class Version:
    """`is_behind`: an older minor version than the newest in use; patches alone do not count."""

    version: str
    members: int
    share: float
    is_newest: bool
    is_behind: bool


def clients(rows: BetweenDaysQuerySet) -> list[Client]:
    """Each member's newest known version. One query."""
    newest: dict[int, Client] = {}
    known = rows.exclude(client_version="").order_by().values_list("member_id", "client_version")
    for member_id, version, day in known.annotate(Max("day")):
        held = newest.get(member_id)
        if held is None or (day, number(version)) > (held.day, number(held.version)):
            newest[member_id] = Client(member_id, version, day)
    return list(newest.values())


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
