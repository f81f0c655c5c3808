"""Reading an answer and its rows: rows that cannot be read are rejected, odd values become doubts."""

import re
from collections.abc import Callable, Iterable, Iterator
from contextlib import suppress
from datetime import datetime
from decimal import Decimal
from functools import lru_cache
from typing import TypeVar

from pydantic import ValidationError

from collector.base.notes import DoubtKind, Notes
from collector.base.plausibility import (
    ImplausibleValue,
    StatedInOtherUnit,
    plausible_cents,
    plausible_instant,
)

from .errors import wrong_shape
from .values import Record, RowContext

R = TypeVar("R", bound=Record)
T = TypeVar("T")

# What a field is called, unlike an address or a model.
FIELD_NAME = re.compile(r"[A-Z][A-Za-z]*")
WRAPPINGS = ("data", "result", "response", "payload")
# Fields with the amount and the time of a row, which are also shown for a rejected row.
MONEY_FIELDS = ("chargedCents", "overallSpendCents", "spendCents")
TIME_FIELDS = ("timestamp", "day", "date", "event_date", "commitTs", "createdAt")


def parse(record: type[R], payload: object, where: str, notes: Notes | None = None) -> R:
    """`payload` as `record`; CursorApiError names the first field that is missing or mistyped.

    With `notes`, implausible fields that are not required become doubts. The answer may stand within another
    one, under a name of `WRAPPINGS`; what is said of its pages may stand beside it. Its fields may be spelled
    in another way, such as `UsageEvents`.
    """
    problem = ""
    for part in (payload, *_wrapped(payload)):
        context = RowContext(notes.now) if notes else None
        try:
            answer = record.model_validate(respelled(record, part), context=context)
        except ValidationError as error:
            problem = problem or problem_of(error)
            continue
        if context and notes:
            note_doubts(answer, context, notes)
        return answer
    raise wrong_shape(where, f"unexpected answer: {problem}")


def _wrapped(payload: object) -> Iterator[object]:
    fields = payload if isinstance(payload, dict) else {}
    for name in WRAPPINGS:
        if isinstance(inner := fields.get(name), dict):
            yield {key: value for key, value in fields.items() if key != name} | inner


def read_rows(
    record: type[R], raws: Iterable[object], notes: Notes, *, where: str = ""
) -> Iterator[tuple[R, object]]:
    """Yield each row that can be read, with its raw form; the others are rejected, with their reason."""
    context = RowContext(notes.now)
    for raw in raws:
        context.doubts.clear()
        try:
            row = record.model_validate(respelled(record, raw), context=context)
        except ValidationError as error:
            reject_raw(raw, problem_of(error), notes, where=where)
            continue
        if context.doubts:
            note_doubts(row, context, notes, raw)
        yield row, raw


def respelled(record: type[Record], value: object) -> object:
    """`value` with its fields as `record` spells them, where some of them have a capital: `UserEmail`."""
    if isinstance(value, dict) and _has_respelled(record, tuple(value)):
        return {_camel(name): _recased(inner) for name, inner in value.items()} | value
    return value


@lru_cache(1024)
def _has_respelled(record: type[Record], names: tuple[str, ...]) -> bool:
    return any(_camel(name) in record.vendor_names() for name in set(names) - record.vendor_names())


def _recased(value: object) -> object:
    if isinstance(value, dict):
        return {_camel(name): _recased(inner) for name, inner in value.items()}
    return [_recased(inner) for inner in value] if isinstance(value, list) else value


def _camel(name: str) -> str:
    if not FIELD_NAME.fullmatch(name):
        return name
    return name[:1].lower() + name[1:]


def reject_raw(raw: object, reason: str, notes: Notes, *, where: str = "") -> None:
    """Reject `raw`, with its amount and time if they are clear."""
    notes.reject(raw, reason, where=where, cents=plain_cents(raw), at=plain_instant(raw, notes.now))


def note_doubts(record: Record, context: RowContext, notes: Notes, raw: object = None) -> None:
    """Note the doubts about a row's fields, one for each field."""
    cents, at = plain_cents(raw), plain_instant(raw, notes.now)
    for field, reason, replacement in context.doubts:
        name = record.vendor_name(field)
        taken = "taken as unknown" if replacement in (None, "") else f"taken as {replacement}"
        notes.doubt(
            DoubtKind.FIGURE,
            f"{name} {reason}: {taken}; the rest of the row counts",
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


def plain_cents(raw: object) -> Decimal | None:
    """The amount in a raw row, if it is clear."""
    return _first_plain(raw, MONEY_FIELDS, plausible_cents)


def plain_instant(raw: object, now: datetime) -> datetime | None:
    """The time in a raw row, if it is clear."""

    def read(value: object) -> datetime:
        try:
            return plausible_instant(value, now)
        except StatedInOtherUnit as stated:
            return plausible_instant(stated.milliseconds, now)

    return _first_plain(raw, TIME_FIELDS, read)


def _first_plain(raw: object, names: tuple[str, ...], read: Callable[[object], T]) -> T | None:
    fields = raw if isinstance(raw, dict) else {}
    for name in names:
        with suppress(ImplausibleValue):
            return read(fields.get(name))
    return None
