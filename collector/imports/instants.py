"""When something happened, as Cursor, programs and spreadsheets write it in a file."""

import re
from calendar import month_abbr, month_name
from collections.abc import Callable, Iterable
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from decimal import Decimal

from collector.base.days import to_milliseconds
from collector.base.plausibility import ImplausibleValue, StatedInOtherUnit, plausible_instant

from .numbers import with_point

# Day 0 of a spreadsheet; its numbers of today's days have five digits.
SPREADSHEET_EPOCH, SERIAL = datetime(1899, 12, 30, tzinfo=UTC), re.compile(r"\d{5}(?:\.(\d*))?")
# With as many decimals the part of a day is exact to the millisecond; five are true to half a second.
EXACT_DECIMALS, HALF_A_SECOND = 9, timedelta(seconds=0.5)
# UTC by its name, before an offset or in its place; and a zone after a blank, where ISO 8601 has none.
NAMED_UTC = re.compile(r"(?:Z|\s*[+-]00:?00)?\s*[\[(]?(?:UTC|GMT|Z)[\])]?$", re.IGNORECASE)
BLANK_BEFORE_ZONE = re.compile(r"\s+(?:UTC|GMT)?(?=[+-]\d\d:?\d\d$)", re.IGNORECASE)
# A day of the week in front; and behind an offset its zone's name: `Thu Jul 30 2026 … GMT+0100 (Irish Time)`.
WEEKDAY = re.compile(r"^(?:mon|tue|wed|thu|fri|sat|sun)[a-z]*[.,]?\s+", re.IGNORECASE)
NAME_OF_OFFSET = re.compile(r"([+-]\d\d:?\d\d) ?\([^()]*\)$")
MONTH = "|".join(f"{name[:3]}t?(?:{name[3:]})?" for name in month_name[1:])  # some write Sept
NAMED_MONTH = re.compile(
    rf"(?:(\d{{1,2}})\.?[ -]({MONTH})|({MONTH})\.? (\d{{1,2}}))\.?,?[ -](\d{{4}}|\d\d)(?=,?\s)", re.IGNORECASE
)
SPELLED = re.compile(
    r"(\d{1,4})([./-]) ?(\d{1,2})\2 ?(\d{1,4})\.?,?\s+"
    r"(\d{1,2})([:.])(\d\d)(?:\6(\d\d)(?:[.,](\d{1,6}))?)?\s*(?:([ap])\.?m\.?)?",
    re.IGNORECASE,
)
# Which part of a date comes first where the year does not.
DAY_FIRST, MONTH_FIRST = "day", "month"


@dataclass
class Instants:
    """Reads the instants of one file. `first` returns what its dates begin with where they leave that open.

    `without_zone` counts those that name no time zone. They are taken as UTC, in which Cursor exports them.
    """

    now: datetime
    delimiter: str = ","
    first: Callable[[], str] = str
    without_zone: int = 0

    def read(self, text: str) -> datetime:
        """The instant, cut to the milliseconds; ValueError for other text, and for a time that cannot be."""
        try:
            instant = self._read(text.lstrip("'"))
            plausible = to_milliseconds(plausible_instant(instant, self.now))
            self.without_zone += instant.tzinfo is None
            return plausible
        except (ValueError, OverflowError) as problem:
            if isinstance(problem, ImplausibleValue) and "not a date" not in str(problem):
                raise ValueError(
                    f"“{text[:40]}” is before 2023 or in the future: there can be no usage at that time."
                ) from None
        if leaves_order_open(text):
            raise ValueError(f"“{text[:40]}” may begin with the day or the month: write 2026-07-31 12:00.")
        raise ValueError(
            f"“{text[:40]}” is not a date and time such as 2026-07-31T12:00:00.000Z. A spreadsheet may "
            "have changed it: use the file as it was exported."
        )

    def _read(self, text: str) -> datetime:
        with suppress(ValueError):
            if (instant := _from_iso(text)).tzinfo:  # nearly every one
                return instant
        if number := with_point(text, self.delimiter):
            return self._counted(number)
        text = NAMED_MONTH.sub(_in_numbers, WEEKDAY.sub("", NAME_OF_OFFSET.sub(r"\1", text)))
        text = BLANK_BEFORE_ZONE.sub("", NAMED_UTC.sub("+00:00", text))
        if len(text) <= len("2026-07-31"):
            raise ValueError("a day is not an instant")
        return _from_iso(SPELLED.sub(self._in_iso, text, count=1))

    def _in_iso(self, match: re.Match[str]) -> str:
        """A date in numbers as ISO 8601 writes it, without its zone."""
        first = self.first() if leaves_order_open(match[0]) else DAY_FIRST
        if not first:
            raise ValueError("it may be the day or the month")
        day, _, month, year, hours, _, minutes, seconds, fraction, half = match.groups()
        if len(day) == 4:
            day, year = year, day
        elif first == MONTH_FIRST:
            day, month = month, day
        hour = int(hours) % 12 + 12 * (half in "pP") if half else int(hours)
        date = f"{year if len(year) == 4 else f'20{year}'}-{month:0>2}-{day:0>2}"
        return f"{date}T{hour:02}:{minutes}:{seconds or '00'}.{(fraction or '0'):0<6}"

    def _counted(self, number: str) -> datetime:
        """Milliseconds or another unit since 1970, or a spreadsheet's days."""
        if match := SERIAL.fullmatch(number):
            if not Decimal(number) % 1:
                raise ValueError("a day is not an instant")
            instant = SPREADSHEET_EPOCH + timedelta(milliseconds=round(Decimal(number) * 86_400_000))
            if len(match[1] or "") < EXACT_DECIMALS:
                instant = (instant + HALF_A_SECOND).replace(second=0, microsecond=0)
            return instant.replace(tzinfo=None)
        try:
            return plausible_instant(number, self.now)
        except StatedInOtherUnit as stated:
            return plausible_instant(stated.milliseconds, self.now)


def _from_iso(text: str) -> datetime:
    """Python reads `2026-07-30 10.05` as 50 milliseconds past ten, which nobody means."""
    if text[13:14] in (".", ","):
        raise ValueError("a part of an hour")
    return datetime.fromisoformat(text)


def _in_numbers(match: re.Match[str]) -> str:
    """A date with a month by its English name, the day in front: `30.7.2026`."""
    month = (match[2] or match[3]).title()[:3]
    return f"{match[1] or match[4]}.{list(month_abbr).index(month)}.{match[5]}"


def leaves_order_open(text: str) -> bool:
    """Whether a date may begin with the day or with the month: dots stand after a day only."""
    match = SPELLED.match(WEEKDAY.sub("", text.lstrip("'")))
    return match is not None and match[2] != "." and len(match[1]) <= 2


def first_part(texts: Iterable[str], now: datetime) -> str:
    """Of day and month the one with which all dates of a file can begin; empty where both can, or none."""
    firsts = {DAY_FIRST, MONTH_FIRST}
    for text in filter(leaves_order_open, texts):
        firsts &= {first for first in (DAY_FIRST, MONTH_FIRST) if _is_possible(text, first, now)} or firsts
    return firsts.pop() if len(firsts) == 1 else ""


def _is_possible(text: str, first: str, now: datetime) -> bool:
    try:
        return bool(Instants(now, first=lambda: first).read(text))
    except ValueError:
        return False
