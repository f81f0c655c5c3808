"""How the vendor writes text, numbers, money and instants, with its known quirks, and which are plausible.

A row is refused if a field that it needs is implausible. An implausible field that it can do without is
recorded as a doubt, and the row is read without it. Documentation: cursor.com/docs/account/teams/admin-api,
read in Aug 2026.
"""

from collections.abc import Callable, Container, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from decimal import Decimal
from functools import lru_cache
from typing import Annotated, TypeVar

from pydantic import AliasChoices, BaseModel, ConfigDict, Field, PlainValidator, ValidationInfo
from pydantic.alias_generators import to_camel

from collector.base.cells import bare_address, is_empty_value, tidy
from collector.base.plausibility import (
    MOST_CENTS,
    MOST_COUNT,
    MOST_UNITS,
    ImplausibleValue,
    StatedInOtherUnit,
    plausible_address,
    plausible_cents,
    plausible_charge,
    plausible_count,
    plausible_day,
    plausible_instant,
    plausible_number,
)

T = TypeVar("T")
N = TypeVar("N", int, Decimal)

# What an IntegerField of PostgreSQL holds.
LARGEST_INTEGER = 2**31 - 1
# How answers name the number of all their rows.
TOTALS = ("totalUsageEventsCount", "totalUsers", "totalMembers", "totalCount", "total", "memberCount")
# JSON's null, written as a text.
NULLS = {"", "null", "undefined", "none", "None"}
# What stands in place of an id; taken for one, everybody who has it would be the same person.
NO_IDS = {*NULLS, "0", "-1"}


@dataclass
class RowContext:
    """The time at which a row is read, and its doubts: our field, reason, the value used instead."""

    now: datetime
    doubts: list[tuple[str, str, object]] = field(default_factory=list)


class Record(BaseModel):
    """A part of an answer: camel case outside, unknown fields ignored, missing required ones refused."""

    model_config = ConfigDict(alias_generator=to_camel, extra="ignore", protected_namespaces=())

    @classmethod
    def vendor_name(cls, name: str) -> str:
        """The vendor's name of the field `name`, of this record or of one within it."""
        alias = cls.model_fields[name].validation_alias if name in cls.model_fields else None
        return alias if isinstance(alias, str) else to_camel(name)

    @classmethod
    def vendor_names(cls) -> set[str]:
        """All names that its fields go by."""
        names = {cls.vendor_name(name) for name in cls.model_fields}
        choices = (field.validation_alias for field in cls.model_fields.values())
        others = (alias.choices for alias in choices if isinstance(alias, AliasChoices))
        return names.union(*(map(str, more) for more in others))


def now_for(info: ValidationInfo) -> datetime:
    """The time at which the row is read, before which everything in it must have happened."""
    context = info.context
    return context.now if isinstance(context, RowContext) else datetime.now(UTC)


def record_doubt(
    info: ValidationInfo, reason: ImplausibleValue | str, replacement: T, *, field_name: str = ""
) -> T:
    """Return `replacement` and record why the field was not used; ValueError if no doubts are recorded."""
    if not isinstance(info.context, RowContext):
        raise ValueError(str(reason))
    info.context.doubts.append((field_name or info.field_name or "it", str(reason), replacement))
    return replacement


def read_time(
    parse: Callable[[object, datetime], T], value: object, info: ValidationInfo, *, field_name: str = ""
) -> T:
    """The instant or day in `value`, with a doubt where it is stated in another unit than milliseconds."""
    try:
        return parse(value, now_for(info))
    except StatedInOtherUnit as stated:
        instant = parse(stated.milliseconds, now_for(info))
        return record_doubt(info, stated, instant, field_name=field_name)


def optional_validator(
    parse: Callable[[object], T], replacement: object = None, *, absent: object = None
) -> PlainValidator:
    """A validator that returns `absent` for None and, with a doubt, `replacement` for implausible values."""

    def validate(value: object, info: ValidationInfo) -> object:
        if value is None:
            return absent
        try:
            return parse(value)
        except ImplausibleValue as error:
            return record_doubt(info, error, replacement)

    return PlainValidator(validate)


def decisive_validator(parse: Callable[[object], T]) -> PlainValidator:
    """A validator that returns None for a null, and refuses the row with any other implausible value."""

    def validate(value: object) -> T | None:
        return None if isinstance(value, str) and value in NULLS else parse(value)

    return PlainValidator(validate)


def plausible_time_validator(
    parse: Callable[[object, datetime], T], *, is_required: bool = True
) -> PlainValidator:
    """A validator of instants or days that rejects times after now.

    If the field is required, an implausible value is an error; otherwise it becomes None, with a doubt.
    """

    def validate(value: object, info: ValidationInfo) -> T:
        return read_time(parse, value, info)

    def validate_optional(value: object, info: ValidationInfo) -> T | None:
        try:
            return None if value is None else validate(value, info)
        except ImplausibleValue as error:
            return record_doubt(info, error, None)

    return PlainValidator(validate if is_required else validate_optional)


def text_validator(length: int, nothing: Container[str] = ("null",)) -> PlainValidator:
    """A validator of text up to `length`; words of `nothing` are none. Numbers, as the vendor's ids, are."""

    def validate(value: object, info: ValidationInfo) -> str:
        if type(value) is str and len(value) <= length and value.isprintable() and value not in nothing:
            return value.strip()
        if value is None:
            return ""
        if isinstance(value, int | Decimal) and not isinstance(value, bool):
            value = _digits(value)
        if not isinstance(value, str):
            return record_doubt(info, "is not text", "")
        text = value if value.isprintable() else tidy(value)
        text = "" if text in nothing else text.strip()
        return (
            text
            if len(text) <= length
            else record_doubt(info, f"is longer than {length} characters", text[:length])
        )

    return PlainValidator(validate)


def _digits(number: int | Decimal) -> str:
    """The number as text, alike where it is whole: an id may come as 12345 and as 12345.0."""
    # Compared first: arithmetic with an endless exponent would overflow.
    is_plain = isinstance(number, Decimal) and number.is_finite() and -MOST_COUNT <= number <= MOST_COUNT
    is_whole = is_plain and number == int(number)
    return str(int(number) if is_whole else number)


def with_null_as(value: object, names: Sequence[str], nothing: object) -> object:
    """The answer `value`, with `nothing` under `names` where all are null or missing and its total is 0."""
    if not isinstance(value, dict) or any(value.get(name) is not None for name in names):
        return value
    pagination = value.get("pagination")
    stated = [part.get(name) for part in (value, pagination) if isinstance(part, dict) for name in TOTALS]
    is_empty = any(str(total) == "0" for total in stated)
    return value | dict.fromkeys(names, nothing) if is_empty else value


def parse_address(value: object) -> str:
    """The address in `value`, empty where it states nobody; ImplausibleValue where it cannot be one."""
    if isinstance(value, bool) or not isinstance(value, str | int):
        raise ImplausibleValue("is not text")
    return _cached_address(str(value))


@lru_cache(10_000)
def _cached_address(text: str) -> str:
    address = bare_address(plausible_address(text))
    return "" if is_empty_value(address) or address in NO_IDS else address


def _flag(value: object) -> bool:
    if isinstance(value, bool):
        return value
    flag = {"true": True, "false": False, "1": True, "0": False}.get(str(value).strip().lower())
    if flag is None:
        raise ImplausibleValue("is not true or false")
    return flag


def up_to(most: N, parse: Callable[[object], N]) -> Callable[[object], N]:
    """`parse` for a number from 0 to `most`."""

    def parse_within(value: object) -> N:
        number = parse(value)
        if not 0 <= number <= most:
            raise ImplausibleValue("is negative" if number < 0 else f"is more than {most:,}")
        return number

    return parse_within


plausible_integer = up_to(LARGEST_INTEGER, plausible_count)

# pydantic validates the usual form itself, in a tenth of the time; these validators get the rest.
IN_ORDER = Field(union_mode="left_to_right")
PlainCount = Annotated[int, Field(strict=True, ge=0, le=MOST_COUNT)]
PlainFlag = Annotated[bool, Field(strict=True)]

Id = Annotated[str, text_validator(80, NO_IDS)]
ModelName = Annotated[str, text_validator(120)]
Name = Annotated[str, text_validator(200)]
Place = Annotated[str, text_validator(300)]
Short = Annotated[str, text_validator(40)]
Email = Annotated[str, optional_validator(parse_address, "", absent="")]
Flag = Annotated[PlainFlag | Annotated[bool, optional_validator(_flag, False, absent=False)], IN_ORDER]
OptionalFlag = Annotated[PlainFlag | Annotated[bool | None, optional_validator(_flag)], IN_ORDER]
# Money that decides whether the row can be used, and money that only explains it.
Cents = Annotated[Decimal | None, decisive_validator(plausible_cents)]
SomeCents = Annotated[Decimal | None, optional_validator(plausible_cents)]
Charge = Annotated[Decimal | None, decisive_validator(plausible_charge)]
SomeCharge = Annotated[Decimal | None, optional_validator(plausible_charge)]
Limit = Annotated[Decimal | None, optional_validator(up_to(MOST_CENTS, plausible_number))]
Units = Annotated[Decimal | None, optional_validator(up_to(MOST_UNITS, plausible_number))]
Percent = Annotated[Decimal | None, optional_validator(up_to(Decimal(100), plausible_number))]
Instant = Annotated[datetime, plausible_time_validator(plausible_instant)]
SomeInstant = Annotated[datetime | None, plausible_time_validator(plausible_instant, is_required=False)]
Day = Annotated[date, plausible_time_validator(plausible_day)]
SomeDay = Annotated[date | None, plausible_time_validator(plausible_day, is_required=False)]
SomeCount = Annotated[int | None, optional_validator(plausible_integer)]
Tokens = Annotated[PlainCount | Annotated[int | None, optional_validator(plausible_count)], IN_ORDER]
