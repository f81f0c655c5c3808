"""The same event under another name: an e-mail that was missing, is gone since, or changed."""

from __future__ import annotations

from collector.base.upsert import Key, Values
from collector.facts.roster import Roster
from collector.models import UsageEvent


def settle_owners(rows: dict[Key, Values], known: dict[Key, Values], roster: Roster) -> list[Key]:
    """Let an event that changed its owner between two answers stay one event; return keys that moved.

    `rows` is what a complete window holds now, `known` what is stored of it; both are brought into line.
    An event that is told no more while another of the same millisecond and model appears is that one: in
    26,000 public rows no two events shared a millisecond. Whoever was known stays the owner when the vendor
    forgets them, as it does with removed people.
    """
    gone = {key[1:]: key for key in known.keys() - rows.keys()}
    if not gone:
        return []
    vague, moved = roster.vague(), []
    for key in [key for key in rows if key not in known]:
        old = gone.pop(key[1:], None)
        if old is None:
            continue
        if key[0] in vague and old[0] not in vague:
            rows[old] = rows.pop(key)
            continue
        _move(old, key)
        known[key] = known.pop(old)
        moved += [old, key]
    return moved


def _move(old: Key, new: Key) -> None:
    member_id, occurred_at, model, ordinal = old
    UsageEvent.objects.filter(
        member_id=member_id, occurred_at=occurred_at, model=model, ordinal=ordinal
    ).update(member_id=new[0])
