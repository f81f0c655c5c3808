"""Storing what could not be read, or is implausible, and settling it when a later reading has it right."""

from collections import defaultdict
from collections.abc import Container, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any, TypeVar

from django.db.models import Count, Q, Sum

from collector.base.money import dollars
from collector.base.notes import NoteDraft, Notes, fingerprint_of
from collector.base.readable import plural
from collector.models import Doubt, RejectedRow

N = TypeVar("N", RejectedRow, Doubt)
Span = tuple[datetime, datetime]  # half-open

# How long settled notes are kept, in case somebody asks why a figure moved.
KEEP_SETTLED = timedelta(days=90)


@dataclass(frozen=True)
class OpenNotes:
    """What is open about one source: how many doubts and rejected rows, and the money that they concern."""

    doubts: int = 0
    rejected: int = 0
    cents: Decimal = Decimal(0)

    def __bool__(self) -> bool:
        return bool(self.doubts or self.rejected)

    def __str__(self) -> str:
        counted = ((self.doubts, "doubt"), (self.rejected, "rejected row"))
        text = ", ".join(plural(number, word) for number, word in counted if number)
        return f"{text} ({dollars(self.cents)})" if self.cents else text


def store_notes(source: str, notes: Notes, *, covers: Span | None = None, settles: bool = True) -> None:
    """Store the notes of a reading; call it in the transaction that writes the rows.

    Open notes of the same source and scope that this reading covered and did not meet again are settled:
    all of them where `covers` is None (a whole list or file), otherwise those of `[start, end)`. A reading
    that was not complete passes `settles=False`.
    """
    doubts = {fingerprint_of(notes.scope, *key): draft for key, draft in notes.doubts.items()}
    _write(RejectedRow, source, notes, notes.rejections, covers)
    _write(Doubt, source, notes, doubts, covers)
    if settles:
        _settle(RejectedRow, source, notes, notes.rejections, covers)
        _settle(Doubt, source, notes, doubts, covers)


def open_notes() -> dict[str, OpenNotes]:
    """What is open, by source; sources without anything open are absent. Two queries."""
    doubts, rejected = _counts(Doubt), _counts(RejectedRow)
    return {
        source: OpenNotes(doubts[source][0], rejected[source][0], doubts[source][1] + rejected[source][1])
        for source in {*doubts, *rejected}
    }


def forget_settled(now: datetime) -> None:
    """Delete notes that were settled long ago."""
    RejectedRow.objects.filter(resolved_at__lt=now - KEEP_SETTLED).delete()
    Doubt.objects.filter(resolved_at__lt=now - KEEP_SETTLED).delete()


def _write(
    model: type[N], source: str, notes: Notes, drafts: Mapping[str, NoteDraft], covers: Span | None
) -> None:
    if not drafts:
        return
    rows: dict[str, dict[str, object]] = {
        key: _fields(draft, source, notes.scope, covers) for key, draft in drafts.items()
    }
    stored = {note.fingerprint: note for note in model.objects.filter(source=source, fingerprint__in=rows)}
    model.objects.bulk_create(
        [
            model(fingerprint=key, last_seen_at=notes.now, **_met(stored.get(key), notes.now), **fields)
            for key, fields in rows.items()
        ],
        update_conflicts=True,
        unique_fields=["source", "fingerprint"],
        update_fields=["times", "last_seen_at", "resolved_at", *next(iter(rows.values()))],
        batch_size=200,
    )


def _met(note: N | None, now: datetime) -> dict[str, Any]:
    """Since when and how often it occurred, with this reading; one of the same instant counts once."""
    if note is None:
        return {"first_seen_at": now}
    is_another = note.last_seen_at < now or note.resolved_at is not None
    return {"first_seen_at": note.first_seen_at, "times": note.times + is_another}


def _fields(draft: NoteDraft, source: str, scope: str, covers: Span | None) -> dict[str, object]:
    start_at, end_at = covers or (None, None)
    whence = {"source": source, "scope": scope[:200]}
    when = {"start_at": draft.start_at or start_at, "end_at": draft.end_at or end_at}
    return {**vars(draft), **whence, **when}


def _settle(model: type[N], source: str, notes: Notes, met: Container[str], covers: Span | None) -> None:
    still_open = model.objects.still_open().filter(source=source, scope=notes.scope[:200])
    if covers:
        within = Q(start_at__gte=covers[0], end_at__lte=covers[1])
        still_open = still_open.filter(within | Q(start_at__isnull=True))
    settled = [pk for pk, key in still_open.values_list("pk", "fingerprint") if key not in met]
    if settled:
        model.objects.filter(pk__in=settled).update(resolved_at=notes.now)


def _counts(model: type[N]) -> dict[str, tuple[int, Decimal]]:
    """How many are open, and their money, by source; nothing for any other."""
    rows = model.objects.still_open().order_by().values_list("source").annotate(n=Count("pk"), c=Sum("cents"))
    counts = {source: (number, amount or Decimal(0)) for source, number, amount in rows}
    return defaultdict(lambda: (0, Decimal(0)), counts)
