"""How the vendor writes text, numbers, money and instants, with its known quirks, under the limits of belief.

A field that a row cannot do without is refused; any other that cannot be believed is remarked on, and the row
is read without it. Documentation: cursor.com/docs/account/teams/admin-api, read in Aug 2026.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from decimal import Decimal
from functools import lru_cache
from typing import Annotated, Any, TypeVar

from pydantic import BaseModel, ConfigDict, Field, PlainValidator, ValidationInfo
from pydantic.alias_generators import to_camel

from collector.base.belief import (
    MOST_COUNT,
    Unbelievable,
    believable_address,
    believable_cents,
    believable_count,
    believable_day,
    believable_instant,
    believable_number,
    storable_text,
)

T = TypeVar("T")

# What an IntegerField of PostgreSQL holds.
LARGEST_INTEGER = 2**31 - 1
# Eight digits before the point are what the column of request units holds.
LARGEST_UNITS = Decimal(10**8)
# What stands for nobody where an address is missing.
NOBODY = {"null", "undefined", "none", "n/a", "-", "unknown"}


@dataclass
class RowContext:
    """The clock that a row is read by, and what was remarked on it: field, reason, what is taken instead."""

    now: datetime
    remarks: list[tuple[str, str, Any]] = field(default_factory=list)


class Record(BaseModel):
    """A part of an answer: camel case outside, unknown fields ignored, missing required ones refused."""

    model_config = ConfigDict(alias_generator=to_camel, extra="ignore", protected_namespaces=())


def clock_of(info: ValidationInfo) -> datetime:
    """The instant by which what is read must have happened."""
    context = info.context
    return context.now if isinstance(context, RowContext) else datetime.now(UTC)


def remark(info: ValidationInfo, problem: Unbelievable | str, instead: T) -> T:
    """Note `problem` with the field under way and go on with `instead`; without a context it is refused."""
    if not isinstance(info.context, RowContext):
        raise ValueError(str(problem))
    info.context.remarks.append((to_camel(info.field_name or "it"), str(problem), instead))
    return instead


def optional(read: Callable[[object], T], instead: Any = None, *, absent: Any = None) -> PlainValidator:
    """Read by `read`; `absent` where there is nothing, `instead`, with a remark, where it is unbelievable."""

    def validate(value: object, info: ValidationInfo) -> object:
        if value is None:
            return absent
        try:
            return read(value)
        except Unbelievable as problem:
            return remark(info, problem, instead)

    return PlainValidator(validate)


def dated(read: Callable[[object, datetime], T], *, is_required: bool = True) -> PlainValidator:
    """Read an instant or a day by the clock of the row; refused, or remarked on, where it is unbelievable."""

    def validate(value: object, info: ValidationInfo) -> T:
        return read(value, clock_of(info))

    def validate_some(value: object, info: ValidationInfo) -> T | None:
        try:
            return None if value is None else validate(value, info)
        except Unbelievable as problem:
            return remark(info, problem, None)

    return PlainValidator(validate if is_required else validate_some)


def text_of(length: int) -> PlainValidator:
    """Text of at most `length`; the vendor also sends the word "null", and plain numbers for ids."""

    def validate(value: object, info: ValidationInfo) -> str:
        if type(value) is str and len(value) <= length and value.isprintable() and value != "null":
            return value.strip()
        if value is None:
            return ""
        if isinstance(value, int | Decimal) and not isinstance(value, bool):
            value = str(value)
        if not isinstance(value, str):
            return remark(info, "is not text", "")
        text = value if value.isprintable() else storable_text(value)
        text = "" if text == "null" else text.strip()
        return (
            text
            if len(text) <= length
            else remark(info, f"is longer than {length} characters", text[:length])
        )

    return PlainValidator(validate)


def _address(value: object) -> str:
    if not isinstance(value, str):
        raise Unbelievable("is not text")
    return _somebody(value)


@lru_cache(10_000)
def _somebody(text: str) -> str:
    address = believable_address(text)
    return "" if address in NOBODY else address


def _flag(value: object) -> bool:
    if isinstance(value, bool):
        return value
    known = {"true": True, "false": False, "1": True, "0": False}.get(str(value).strip().lower())
    if known is None:
        raise Unbelievable("is neither true nor false")
    return known


def _integer(value: object) -> int:
    count = believable_count(value)
    if count > LARGEST_INTEGER:
        raise Unbelievable("is too large")
    return count


def _units(value: object) -> Decimal:
    number = believable_number(value)
    if not 0 <= number < LARGEST_UNITS:
        raise Unbelievable("is negative" if number < 0 else "is too large")
    return number


def _percent(value: object) -> Decimal:
    number = believable_number(value)
    if not 0 <= number <= 100:
        raise Unbelievable("is not between 0 and 100")
    return number


def _limit(value: object) -> Decimal:
    number = believable_number(value)
    if number < 0:
        raise Unbelievable("is negative")
    return number


# pydantic judges the usual form itself, in a tenth of the time; ours judges what is left.
IN_ORDER = Field(union_mode="left_to_right")
PlainCount = Annotated[int, Field(strict=True, ge=0, le=MOST_COUNT)]
PlainFlag = Annotated[bool, Field(strict=True)]

Id = Annotated[str, text_of(80)]
ModelName = Annotated[str, text_of(120)]
Name = Annotated[str, text_of(200)]
Place = Annotated[str, text_of(300)]
Short = Annotated[str, text_of(40)]
Email = Annotated[str, optional(_address, "", absent="")]
Flag = Annotated[PlainFlag | Annotated[bool, optional(_flag, False, absent=False)], IN_ORDER]
OptionalFlag = Annotated[PlainFlag | Annotated[bool | None, optional(_flag)], IN_ORDER]
# Money that decides whether the row can be used, and money that only explains it.
Cents = Annotated[Decimal, PlainValidator(believable_cents)]
SomeCents = Annotated[Decimal | None, optional(believable_cents)]
Limit = Annotated[Decimal | None, optional(_limit)]
Units = Annotated[Decimal | None, optional(_units)]
Percent = Annotated[Decimal | None, optional(_percent)]
Instant = Annotated[datetime, dated(believable_instant)]
SomeInstant = Annotated[datetime | None, dated(believable_instant, is_required=False)]
Day = Annotated[date, dated(believable_day)]
SomeDay = Annotated[date | None, dated(believable_day, is_required=False)]
Count = Annotated[int, optional(_integer, 0, absent=0)]
SomeCount = Annotated[int | None, optional(_integer)]
Tokens = Annotated[PlainCount | Annotated[int | None, optional(believable_count)], IN_ORDER]
