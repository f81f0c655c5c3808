"""How figures are written on pages, in one place: money, counts, shares, instants, days."""

from datetime import date, datetime, timedelta
from decimal import Decimal
from functools import lru_cache

from django.utils.html import format_html
from django.utils.safestring import SafeString

from collector.base.money import round_cents
from collector.base.spreadsheets import harmless

NOTHING = "–"  # shown where there is no figure, never instead of a zero

Number = Decimal | float | int


def money(cents: Number | None) -> str:
    """`$1,234.56` from US cents."""
    if cents is None:
        return NOTHING
    whole = round_cents(Decimal(str(cents)))
    return f"{'-' if whole < 0 else ''}${abs(whole) / 100:,.2f}"


def money_short(cents: Number | None) -> str:
    """`$1.2K`, `$31K`, `$45`, `$0.35` from US cents: for cards and axes, the exact one a click away."""
    if cents is None:
        return NOTHING
    dollars = float(cents) / 100
    sign, size = ("-" if dollars < 0 else ""), abs(dollars)
    for unit, name in ((1_000_000, "M"), (1_000, "K")):
        if size >= unit * 0.9995:
            return f"{sign}${size / unit:,.1f}".removesuffix(".0") + name
    return f"{sign}${size:,.0f}" if size >= 100 else f"{sign}${size:,.2f}"


def money_range(ends: tuple[Number, Number]) -> str:
    """`$115 to $121` from two amounts in US cents; one figure where both are written alike."""
    low, high = map(money_short, ends)
    return low if low == high else f"{low} to {high}"


def dollars(cents: Number) -> str:
    """`$1,010` from US cents: for estimates, whose cents mean nothing."""
    return f"${round_cents(Decimal(str(cents)) / 100):,}"


def rate(cents: Number | None) -> str:
    """Money per request: two decimals from a dollar up, three below, where most requests lie."""
    if cents is None:
        return NOTHING
    dollars = float(cents) / 100
    return f"${dollars:,.2f}" if dollars >= 1 else f"${dollars:,.3f}"


def count(value: Number | None) -> str:
    """`1,234`; a fraction is rounded to one decimal below 100."""
    if value is None:
        return NOTHING
    return f"{value:,.1f}".removesuffix(".0") if abs(float(value)) < 100 else f"{round(value):,}"


def exact(value: Number) -> str:
    """`1,234`, `3.25` or `5`: nothing rounded, for what somebody set."""
    whole, point, decimals = f"{value:,}".partition(".")
    return f"{whole}{point}{decimals}".rstrip("0").rstrip(".") if point else whole


def count_short(value: Number | None) -> str:
    """`1.2K`, `3.4M`, or the number itself below a thousand."""
    if value is None:
        return NOTHING
    for unit, name in ((1e9, "B"), (1e6, "M"), (1e3, "K")):
        if abs(float(value)) >= unit * 0.9995:
            return f"{float(value) / unit:,.1f}{name}"
    return count(value)


def percent(ratio: Number | None) -> str:
    """`42 %` from 0.42; one decimal below ten, so that a small share does not read as none."""
    if ratio is None:
        return NOTHING
    value = float(ratio) * 100
    if 0 < abs(value) < 0.05:
        return "under 0.1 %"
    return f"{value:.1f} %" if 0 < abs(value) < 9.95 else f"{value:.0f} %"


def multiple(ratio: Number | None) -> str:
    """`2.4×`; whole from ten on, as in messages."""
    return NOTHING if ratio is None else f"{float(ratio):,.{int(ratio < 9.95)}f}×"


# A percentage of less than this means nothing: $4 against $0.30 is "1,355 %".
LEAST_BASE_CENTS = 2_000
MOST_PERCENT = 3.0  # past it a multiple reads better


def times(ratio: float) -> str:
    """`13 times`; with one decimal below ten, where half a time is much."""
    return f"{ratio:,.0f} times" if ratio >= 9.95 else f"{ratio:,.1f} times"


def more_or_less(ratio: float, more: str, less: str) -> str:
    """`12 % above` or `3.0 % below` from 0.12 and -0.03; `13 times` from 12, to be followed by what is
    compared with."""
    if ratio > MOST_PERCENT:
        return times(1 + ratio)
    return f"{percent(abs(ratio))} {less if ratio < 0 else more}"


def change(cents: Decimal | None, before_cents: Decimal | None) -> str:
    """`+$120.00, 25 %` or `+$1,200.00, 13 times`: a difference, and what it is of what was before."""
    if cents is None or before_cents is None:
        return NOTHING
    amount = f"{'+' if cents > 0 else ''}{money(cents)}"
    if abs(before_cents) < LEAST_BASE_CENTS or not cents:
        return amount
    ratio = float(cents / before_cents)
    if ratio > MOST_PERCENT:
        return f"{amount}, {times(1 + ratio)}"
    return f"{amount}, {'+' if ratio > 0 else ''}{percent(ratio)}"


@lru_cache(maxsize=1_000)
def day(value: date | None) -> str:
    """`Mon 23 Nov`."""
    return NOTHING if value is None else f"{value:%a} {value.day} {value:%b}"


def full_day(value: date | None) -> str:
    """`23 Nov 2026`."""
    return NOTHING if value is None else f"{value.day} {value:%b %Y}"


def instant(value: datetime | None) -> str:
    """`23 Nov 2026, 14:05 UTC`, as messages and timelines write it."""
    return NOTHING if value is None else f"{full_day(value)}, {value:%H:%M} UTC"


def duration(value: timedelta | None) -> str:
    """The two largest units: `3 d 4 h`, `2 h 5 min`, `40 s`."""
    if value is None:
        return NOTHING
    seconds = round(value.total_seconds())
    if seconds < 60:
        return f"{seconds} s"
    minutes, hours, days = seconds // 60, seconds // 3600, seconds // 86400
    if days:
        return f"{days} d {hours % 24} h" if hours % 24 else f"{days} d"
    if hours:
        return f"{hours} h {minutes % 60} min" if minutes % 60 else f"{hours} h"
    return f"{minutes} min"


def age(value: timedelta) -> str:
    """`just now`, `5 min ago`, `3 h ago`, `2 d ago`; ahead of now, `in 3 h`."""
    seconds = value.total_seconds()
    if abs(seconds) < 60:
        return "just now"
    size = abs(seconds)
    for unit, name in ((86400, "d"), (3600, "h"), (60, "min")):
        if size >= unit:
            length = f"{int(size // unit)} {name}"
            break
    return f"{length} ago" if seconds > 0 else f"in {length}"


def ago(value: datetime | None, now: datetime) -> SafeString | str:
    """A <time> reading `3 h ago` with the instant on hover."""
    if value is None:
        return NOTHING
    return format_html(
        '<time datetime="{}" title="{}">{}</time>', value.isoformat(), instant(value), age(now - value)
    )


def plural(number: Number, one: str, many: str = "") -> str:
    """`1 member`, `2 members`."""
    return f"{count(number)} {one if number == 1 else many or one + 's'}"


def csv_cell(value: object) -> object:
    """The raw value for a CSV; text that a spreadsheet would run as a formula gets a leading apostrophe."""
    if isinstance(value, Decimal):
        return format(value.normalize(), "f")
    if isinstance(value, float):
        return round(value, 6)  # the rest is noise: a share of 0.2815346089292893
    if isinstance(value, datetime):
        return value.isoformat()
    if isinstance(value, str):
        return harmless(value)
    return "" if value is None else value
