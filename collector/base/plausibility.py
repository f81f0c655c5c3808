"""Which instants, amounts, counts and texts are plausible, whether they come from the API, CSV or SQLite.

Each `plausible_*` function returns the value in its stored form or raises `ImplausibleValue`, whose text
completes "<field> …": "is before 2023". The caller turns that into a rejected row (the row cannot be used
without the value) or into a doubt (the row is stored without it): see `collector.base.notes`.
"""

import re
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

from .cells import tidy
from .days import from_epoch_ms, to_epoch_ms, to_milliseconds, utc_day
from .money import cents

# Cursor was first sold in 2023: nothing was spent before.
EARLIEST = datetime(2023, 1, 1, tzinfo=UTC)
# Clocks are wrong by minutes, time zones by hours; further ahead nothing can have happened yet.
AHEAD = timedelta(days=1)
MOST_CENTS = Decimal(10**9)  # ten million dollars in one row
# What events state is added up by day and week, in columns of 64 bits and of ten digits before the point:
# they hold a million such counts, a thousand such amounts and a hundred thousand such units.
MOST_COUNT, MOST_CHARGE, MOST_UNITS = 10**12, Decimal(10**7), Decimal(10**5)
# Cents of all events of a day, or of all members in a cycle: as many as such a column holds. Where a day has
# more, an event above the other amount is what cannot be.
MOST_TOGETHER, ODD_CHARGE = Decimal(10**10 - 1), Decimal(10**5)
NOT_A_NUMBER = Decimal("NaN")
# Units of an instant other than the vendor's.
FARTHEST = 10**19  # any arithmetic with more might overflow
MILLISECONDS = {"seconds": Decimal(1000), "microseconds": Decimal("1e-3"), "nanoseconds": Decimal("1e-6")}
LONGEST_ADDRESS = 254  # RFC 5321, and the column
# A yearly contract is the longest; a month is usual.
LONGEST_CYCLE = timedelta(days=370)

NUMBER = re.compile(r"[+-]?(\d+(\.\d*)?|\.\d+)", re.ASCII)
CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029]")


def is_number(text: str, most_digits: int = 18) -> bool:
    """Whether `text` is nothing but digits from 0 to 9, few enough for a column of 64 bits.

    `str.isdigit` takes “²”, which `int` refuses, and `str.isdecimal` the digits of every script.
    """
    return text.isascii() and text.isdecimal() and len(text) <= most_digits


class ImplausibleValue(ValueError):
    """A value that cannot be true. Its message completes a sentence that begins with the field's name."""


class StatedInOtherUnit(ImplausibleValue):
    """An instant in seconds, microseconds or nanoseconds since 1970; `milliseconds` are the right ones."""

    def __init__(self, unit: str, milliseconds: int) -> None:
        super().__init__(f"is in {unit}, not in milliseconds")
        self.milliseconds = milliseconds


def plausible_instant(value: object, now: datetime) -> datetime:
    """The aware instant that `value` states, to the millisecond, between 2023 and a day after `now`.

    Epoch milliseconds, as number or text, or ISO 8601. StatedInOtherUnit where it is plausible in another
    unit: no number is plausible in two.
    """
    if other := _in_other_unit(value, now):
        raise other
    instant = _instant(value)
    if instant < EARLIEST:
        raise ImplausibleValue("is before 2023")
    if instant > now + AHEAD:
        raise ImplausibleValue("is more than a day ahead")
    return instant


def plausible_day(value: object, now: datetime) -> date:
    """The UTC day that `value` states, between 2023 and the day after `now`."""
    if isinstance(value, date) and not isinstance(value, datetime):
        value = value.isoformat()
    return utc_day(plausible_instant(value, now))


def plausible_number(value: object) -> Decimal:
    """The number that `value` states: no exponent, NaN or infinity, and at most 10^9 either way."""
    number = _number(value)
    if not -MOST_CENTS <= number <= MOST_CENTS or "E+" in str(number):
        raise ImplausibleValue("is too large, or written with an exponent")
    return number


def plausible_cents(value: object) -> Decimal:
    """US cents, exact to six places; a negative amount is a credit."""
    return cents(plausible_number(value))


def plausible_charge(value: object) -> Decimal:
    """US cents of one usage event, which costs a hundred thousand dollars at most."""
    amount = plausible_cents(value)
    if abs(amount) > MOST_CHARGE:
        raise ImplausibleValue("is too large for one usage event")
    return amount


def plausible_count(value: object) -> int:
    """A whole number from 0 to 10^12."""
    number = value if type(value) is int else _number(value)
    if not 0 <= number <= MOST_COUNT:  # any arithmetic would round it first, or overflow
        raise ImplausibleValue("is negative" if number < 0 else "is too large")
    if number != int(number):
        raise ImplausibleValue("is not a whole number")
    return int(number)


def plausible_address(value: str) -> str:
    """An address in lower case; the limit of its length applies to that."""
    text = storable_text(value.strip().replace("\x00", "\n")).lower()
    if CONTROL.search(text):
        raise ImplausibleValue("contains a line break or another control character")
    if not text.isascii():  # one person, however their accents are composed, and whatever nobody sees
        text = tidy(text)
    if len(text) > LONGEST_ADDRESS:
        raise ImplausibleValue(f"is longer than {LONGEST_ADDRESS} characters")
    return text


def plausible_cycle_start(value: object, now: datetime) -> datetime:
    """When the billing cycle that runs at `now` began: not ahead of it, nor more than a year ago."""
    start_at = plausible_instant(value, now)
    if start_at > now:
        raise ImplausibleValue("is in the future")
    if start_at < now - LONGEST_CYCLE:
        raise ImplausibleValue("is more than a year ago")
    return start_at


def storable_text(text: str) -> str:
    """`text` without NUL and lone surrogates, which no database accepts."""
    return text.replace("\x00", "").encode(errors="ignore").decode()


def _number(value: object) -> Decimal:
    """A number, also where it comes as text."""
    if type(value) is Decimal:
        number = value
    elif isinstance(value, str):
        number = Decimal(value.strip()) if NUMBER.fullmatch(value.strip()) else NOT_A_NUMBER
    else:
        is_number = isinstance(value, int | float) and not isinstance(value, bool)
        number = Decimal(str(value)) if is_number else NOT_A_NUMBER
    if not number.is_finite():
        raise ImplausibleValue("is not a number")
    return number


def _in_other_unit(value: object, now: datetime) -> StatedInOtherUnit | None:
    if (type(value) is str and len(value) == 13) or isinstance(value, datetime):  # nearly every instant
        return None
    try:
        number = _number(value)
    except ImplausibleValue:
        return None
    if not 0 < number < FARTHEST:
        return None
    first, last = to_epoch_ms(EARLIEST), to_epoch_ms(now + AHEAD)
    for unit, milliseconds in MILLISECONDS.items():
        if first <= number * milliseconds <= last:
            return StatedInOtherUnit(unit, int(number * milliseconds))
    return None


def _instant(value: object) -> datetime:
    if type(value) is str and len(value) == 13 and is_number(value):
        return from_epoch_ms(int(value))
    if isinstance(value, datetime):
        return value if value.tzinfo else value.replace(tzinfo=UTC)
    try:
        if not isinstance(value, str) or NUMBER.fullmatch(value.strip()):
            number = _number(value)
            # Compared first: to write 1E+999999999 out takes for ever.
            return from_epoch_ms(int(number) if -FARTHEST < number < FARTHEST else FARTHEST)
        parsed = datetime.fromisoformat(value.strip())
        return to_milliseconds(parsed if parsed.tzinfo else parsed.replace(tzinfo=UTC))
    except (ValueError, OverflowError):
        raise ImplausibleValue("is not a date and time") from None
