"""How the vendor writes text, numbers, money and instants; read strictly, with its known quirks.

Documentation: cursor.com/docs/account/teams/admin-api, read in Aug 2026.
"""

from __future__ import annotations

from datetime import UTC, date, datetime
from decimal import Decimal, InvalidOperation
from typing import Annotated, Any

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field
from pydantic.alias_generators import to_camel

from collector.base.days import from_epoch_ms
from collector.base.money import cents

# Ten digits before the point are what a CentsField holds.
LARGEST_CENTS = Decimal(10**10)


class Record(BaseModel):
    """A part of an answer: camel case outside, unknown fields ignored, missing required ones refused."""

    model_config = ConfigDict(alias_generator=to_camel, extra="ignore", protected_namespaces=())


def storable(text: str) -> str:
    """`text` without what no database takes: NUL, and half a character, as cutting by UTF-16 units leaves."""
    return text.replace("\x00", "").encode(errors="ignore").decode()


def _text(value: Any) -> Any:
    """Absent text is empty; the vendor also sends the word "null" and plain numbers for ids."""
    if isinstance(value, str):
        return "" if value == "null" else storable(value).strip()
    if value is None:
        return ""
    if isinstance(value, int | Decimal) and not isinstance(value, bool):
        return str(value)
    return value


def _decimal(value: Any) -> Decimal:
    if isinstance(value, bool) or not isinstance(value, int | str | Decimal | float):
        raise ValueError("is no number")
    try:
        number = Decimal(str(value))
    except InvalidOperation:
        raise ValueError("is no number") from None
    if not number.is_finite() or abs(number) >= LARGEST_CENTS:
        raise ValueError("is no number that can be")
    return number


def _count(value: Any) -> int:
    number = _decimal(0 if value is None else value)
    if number != number.to_integral_value():
        raise ValueError("is no whole number")
    return int(number)


def _instant(value: Any) -> datetime:
    """Epoch milliseconds (number or text) or ISO 8601; both occur."""
    if isinstance(value, bool) or not isinstance(value, int | str | Decimal):
        raise ValueError("is no instant")
    text = str(value).strip()
    try:
        if text.lstrip("-").isdigit():
            return from_epoch_ms(int(text))
        parsed = datetime.fromisoformat(text)
    except (ValueError, OverflowError):
        raise ValueError("is no instant") from None
    return parsed.astimezone(UTC) if parsed.tzinfo else parsed.replace(tzinfo=UTC)


def cut(length: int) -> AfterValidator:
    """Text no longer than its column: PostgreSQL would refuse the whole batch for one long name."""
    return AfterValidator(lambda text: text[:length])


Text = Annotated[str, BeforeValidator(_text)]
Id = Annotated[Text, cut(80)]
ModelName = Annotated[Text, cut(120)]
Name = Annotated[Text, cut(200)]
Short = Annotated[Text, cut(40)]
Email = Annotated[Text, cut(254), AfterValidator(str.lower)]
Number = Annotated[Decimal, BeforeValidator(_decimal)]
Cents = Annotated[Number, AfterValidator(cents)]
Instant = Annotated[datetime, BeforeValidator(_instant)]
Day = Annotated[date, BeforeValidator(lambda value: str(value)[:10])]
Flag = Annotated[bool, BeforeValidator(lambda value: False if value is None else value)]
# What an IntegerField of PostgreSQL holds, and a BigIntegerField.
Count = Annotated[int, BeforeValidator(_count), Field(ge=-(2**31), lt=2**31)]
Tokens = Annotated[int, BeforeValidator(_count), Field(ge=0, lt=2**63)]
