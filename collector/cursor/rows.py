"""Reading an answer and its rows: what cannot be read is rejected alone, what is odd is a doubt."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import datetime
from decimal import Decimal
from typing import Any, TypeVar

from pydantic import ValidationError

from collector.base.belief import Unbelievable, believable_cents, believable_instant
from collector.base.notes import DoubtKind, Notes

from .errors import wrong_shape
from .values import Record, RowContext

R = TypeVar("R", bound=Record)

# Where a row plainly states its money and its time, of which a rejected row still tells.
MONEY_FIELDS = ("chargedCents", "overallSpendCents", "spendCents")
TIME_FIELDS = ("timestamp", "day", "date", "event_date", "commitTs", "createdAt")


def parse(
    record: type[R], payload: Any, where: str, notes: Notes | None = None, now: datetime | None = None
) -> R:
    """`payload` as `record`; CursorApiError naming the first field that is missing or mistyped.

    With `notes` and `now`, fields that it can do without are doubts.
    """
    context = RowContext(now) if now else None
    try:
        answer = record.model_validate(payload, context=context)
    except ValidationError as error:
        raise wrong_shape(where, f"unexpected answer: {problem_of(error)}") from None
    if context and notes:
        note_remarks(context, notes)
    return answer


def read_rows(
    record: type[R], raws: Iterable[Any], notes: Notes, now: datetime, *, where: str = ""
) -> Iterator[tuple[R, Any]]:
    """Each of `raws` that can be read, beside it as it came; the others are rejected, with their reason."""
    context = RowContext(now)
    for raw in raws:
        context.remarks.clear()
        try:
            row = record.model_validate(raw, context=context)
        except ValidationError as error:
            reject_raw(raw, problem_of(error), notes, now, where=where)
            continue
        if context.remarks:
            note_remarks(context, notes, raw)
        yield row, raw


def reject_raw(raw: Any, reason: str, notes: Notes, now: datetime, *, where: str = "") -> None:
    """Reject `raw` with what it plainly states of money and time."""
    notes.reject(raw, reason, where=where, cents=plain_cents(raw), at=plain_instant(raw, now))


def note_remarks(context: RowContext, notes: Notes, raw: Any = None) -> None:
    """Turn what was remarked on a row into doubts, one for each field."""
    cents, at = plain_cents(raw), plain_instant(raw, context.now)
    for name, problem, instead in context.remarks:
        taken = "taken as unknown" if instead is None or instead == "" else f"taken as {instead}"
        notes.doubt(
            DoubtKind.FIGURE,
            f"{name} {problem}: {taken}; the rest of the row counts",
            subject=name,
            where=name,
            cents=cents,
            raw=raw,
            at=at,
        )


def problem_of(error: ValidationError) -> str:
    """The first problem, with the field's name."""
    first = error.errors(include_url=False, include_input=False, include_context=False)[0]
    field = ".".join(str(part) for part in first["loc"])
    text = first["msg"].removeprefix("Value error, ")
    return f"{field}: {text}" if field else text


def plain_cents(raw: Any) -> Decimal | None:
    """The money that a row states, where that is clear."""
    if isinstance(raw, dict):
        for name in MONEY_FIELDS:
            try:
                return believable_cents(raw.get(name))
            except Unbelievable:
                continue
    return None


def plain_instant(raw: Any, now: datetime) -> datetime | None:
    """The time that a row states, where that is clear."""
    if isinstance(raw, dict):
        for name in TIME_FIELDS:
            try:
                return believable_instant(raw.get(name), now)
            except Unbelievable:
                continue
    return None
