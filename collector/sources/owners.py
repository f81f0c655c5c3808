"""The same event under another name: its e-mail was missing, disappeared or changed, or its model did; or its
instant was cut to the second or minute."""

from collections import defaultdict
from datetime import timedelta

from collector.collecting.windows import MINUTE, closed_minute
from collector.facts.roster import Roster
from collector.models import UsageEvent

from .event_rows import EventKey, EventRows

# By as much the minute of a spreadsheet's number of days may be wrong at either end.
ROUNDING = timedelta(seconds=1)


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
    by_model = {key[1:]: key for key in sorted(gone)}
    by_instant = {key.occurred_at: key for key in sorted(gone)}
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

    It is the nearest of the same member, model and sum of tokens within that time that is no longer listed;
    else one of another model, which a file may spell as people read it. The exact instant stays; where stored
    rows may not move (`moves`), as when a file is imported, the stored one. There the same row of a minute
    later is the same event, too.
    """
    moved: list[EventKey] = []
    for with_model in (True, False):
        gone: dict[tuple[object, ...], list[EventKey]] = defaultdict(list)
        for key in stored.keys() - rows.keys():
            for place in _shared(key, stored, with_model):
                gone[place].append(key)
        for key in [key for key in rows if key not in stored] if gone else ():
            alike = {old for place in _shared(key, rows, with_model) for old in gone[place] if old in stored}
            alike -= rows.keys()
            same = [old for old in alike if _is_cut(key, old) or _is_cut(old, key)]
            if not moves and rows[key].tokens:
                same += [old for old in alike if _is_beside(key, old) and stored[old] == rows[key]]
            if not same:
                continue
            old = min(same, key=lambda old: (*_distance(old, key), old))
            if _is_cut(key, old) or not moves:
                rows[old] = rows.pop(key)
                continue
            _move(old, key)
            stored[key] = stored.pop(old)
            moved += [old, key]
    return moved


def _shared(key: EventKey, rows: EventRows, with_model: bool) -> set[tuple[object, ...]]:
    """What two rows of one event share, of which one states the second or minute alone, cut or rounded."""
    tokens = rows[key].tokens
    model = key.model if with_model else None
    minutes = {closed_minute(key.occurred_at + slack) for slack in (-ROUNDING, timedelta(0), ROUNDING)}
    return {(key.member_id, minute, model, tokens) for minute in minutes if tokens or with_model}


def _is_cut(one: EventKey, other: EventKey) -> bool:
    """Whether the instant of `one` is the other's, cut to the second or minute, or rounded to the minute."""
    cut, exact = one.occurred_at, other.occurred_at
    slack = ROUNDING if exact != closed_minute(exact) else timedelta(0)
    is_minute = cut == closed_minute(cut) and cut - slack <= exact < cut + MINUTE + slack
    return cut != exact and (is_minute or cut == exact.replace(microsecond=0))


def _distance(one: EventKey, other: EventKey) -> tuple[bool, timedelta]:
    """How far apart they are; of one minute is nearer than of two."""
    instants = one.occurred_at, other.occurred_at
    return len(set(map(closed_minute, instants))) > 1, abs(instants[0] - instants[1])


def _is_beside(one: EventKey, other: EventKey) -> bool:
    """Whether a spreadsheet's number is now cut to its minute that 1.1.1 put to the one beside it."""
    return one.occurred_at + MINUTE == other.occurred_at == closed_minute(other.occurred_at)


def _move(old: EventKey, new: EventKey) -> None:
    UsageEvent.objects.filter(**old._asdict()).update(**new._asdict())
