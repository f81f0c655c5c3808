"""The same event under another name: its e-mail was missing, disappeared or changed, or its model did; or its
instant was cut to the second or minute."""

from collections import defaultdict
from datetime import datetime

from collector.collecting.windows import closed_minute
from collector.facts.roster import Roster
from collector.models import UsageEvent

from .event_rows import TOKENS, EventKey, EventRows


def settle_owners(rows: EventRows, stored: EventRows, roster: Roster) -> list[EventKey]:
    """Let an event that changed its owner or model between two answers stay one event; keys that moved.

    `rows` is what a complete window holds now, `stored` what was known of it; both are brought into line.
    An event that is no longer listed while another of the same millisecond appears is that one: in 26,000
    public rows no two events shared a millisecond. Whoever was known stays the owner when the vendor forgets
    them, as it does with removed people, and when another member has their address now.
    """
    gone = stored.keys() - rows.keys()
    if not gone:
        return []
    vague, seated, moved = roster.vague(), roster.seated(), []
    by_model = {key[1:]: key for key in gone}
    by_instant = {key.occurred_at: key for key in gone}
    for key in [key for key in rows if key not in stored]:
        old = by_model.get(key[1:]) or by_instant.get(key.occurred_at)
        if old is None or old not in gone:
            continue
        gone.discard(old)
        is_forgotten = key.member_id in vague and old.member_id not in vague
        has_swapped = key.member_id != old.member_id and {key.member_id, old.member_id} <= seated
        if is_forgotten or has_swapped:
            former_key = key._replace(member_id=old.member_id)
            if former_key in rows or (former_key in stored and former_key != old):
                continue
            rows[former_key] = rows.pop(key)
            if former_key == old:
                continue
            key = former_key
        _move(old, key)
        stored[key] = stored.pop(old)
        moved += [old, key]
    return moved


def settle_cut_instants(rows: EventRows, stored: EventRows, *, moves: bool = True) -> list[EventKey]:
    """Let an event of which one of two answers states the second or minute alone stay one; keys that moved.

    It is the nearest of the same member, model and sum of tokens within that time that is no longer listed.
    The exact instant stays; where stored rows may not move (`moves`), the stored one.
    """
    gone: dict[tuple[object, ...], list[EventKey]] = defaultdict(list)
    for key in sorted(stored.keys() - rows.keys()):
        gone[_within_minute(key, stored)].append(key)
    moved: list[EventKey] = []
    for key in [key for key in rows if key not in stored] if gone else ():
        alike = gone.get(_within_minute(key, rows), [])
        same = [old for old in alike if _is_cut(*sorted((key.occurred_at, old.occurred_at)))]
        if not same:
            continue
        old = min(same, key=lambda old: abs(old.occurred_at - key.occurred_at))
        alike.remove(old)
        if old.occurred_at > key.occurred_at or not moves:
            rows[old] = rows.pop(key)
            continue
        _move(old, key)
        stored[key] = stored.pop(old)
        moved += [old, key]
    return moved


def _within_minute(key: EventKey, rows: EventRows) -> tuple[object, ...]:
    """What two rows of one event share, of which one states the second or minute alone."""
    tokens = sum(getattr(rows[key], name) or 0 for name in TOKENS)  # some files have only their sum
    return key.member_id, closed_minute(key.occurred_at), key.model, tokens


def _is_cut(cut: datetime, exact: datetime) -> bool:
    """Whether `cut` is `exact` cut to its second or minute."""
    return cut in (exact.replace(microsecond=0), closed_minute(exact))


def _move(old: EventKey, new: EventKey) -> None:
    UsageEvent.objects.filter(**old._asdict()).update(**new._asdict())
