"""The same event under another name: an e-mail that was missing, is gone or changed, or another model."""

from __future__ import annotations

from collector.base.upsert import Key, Values
from collector.facts.roster import Roster
from collector.models import UsageEvent


def settle_owners(rows: dict[Key, Values], known: dict[Key, Values], roster: Roster) -> list[Key]:
    """Let an event that changed its owner or model between two answers stay one event; keys that moved.

    `rows` is what a complete window holds now, `known` what is stored of it; both are brought into line.
    An event that is no longer listed while another of the same millisecond appears is that one: in 26,000
    public rows no two events shared a millisecond. Whoever was known stays the owner when the vendor forgets
    them, as it does with removed people.
    """
    gone = known.keys() - rows.keys()
    if not gone:
        return []
    vague, moved = roster.vague(), []
    by_model = {key[1:]: key for key in gone}
    by_instant = {key[1]: key for key in gone}
    for key in [key for key in rows if key not in known]:
        old = by_model.get(key[1:]) or by_instant.get(key[1])
        if old is None or old not in gone:
            continue
        gone.discard(old)
        if key[0] in vague and old[0] not in vague:
            kept = (old[0], *key[1:])
            if kept in rows or (kept in known and kept != old):
                continue
            rows[kept] = rows.pop(key)
            if kept == old:
                continue
            key = kept
        _move(old, key)
        known[key] = known.pop(old)
        moved += [old, key]
    return moved


def _move(old: Key, new: Key) -> None:
    member_id, occurred_at, model, ordinal = old
    UsageEvent.objects.filter(
        member_id=member_id, occurred_at=occurred_at, model=model, ordinal=ordinal
    ).update(member_id=new[0], model=new[2], ordinal=new[3])
