"""When something happened, as Cursor, programs and spreadsheets write it in a file."""

import re
from collections.abc import Callable, Iterable
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from unicodedata import combining, normalize

from collector.base.days import to_milliseconds
from collector.base.plausibility import ImplausibleValue, StatedInOtherUnit, plausible_instant

from .numbers import with_point

# Day 0 of a spreadsheet; its numbers of today's days have five digits.
SPREADSHEET_EPOCH, SERIAL = datetime(1899, 12, 30, tzinfo=UTC), re.compile(r"\d{5}(?:\.(\d*))?")
# With as many decimals the part of a day is exact to the millisecond; five are true to half a second, so that
# its minute may be the one before or after.
EXACT_DECIMALS = 9
# UTC by its name, before an offset or in its place; and a zone after a blank, where ISO 8601 has none.
NAMED_UTC = re.compile(r"(?:Z|\s*[+-]00:?00)?\s*[\[(]?(?:UTC|GMT|Z)[\])]?$", re.IGNORECASE)
BLANK_BEFORE_ZONE = re.compile(r"\s+(?:UTC|GMT)?(?=[+-]\d\d:?\d\d$)", re.IGNORECASE)
# Behind a time a zone of the United States by its abbreviation: Eastern, Central, Mountain, Pacific.
US_ZONE = re.compile(r"(:\d\d.*?) ?(?<![a-z])([ecmp])([sd])t$")
# Longer than any date with its zone's name.
LONGEST = 100
# Behind an offset its zone's name: `Thu Jul 30 2026 … GMT+0100 (Irish Time)`.
NAME_OF_OFFSET = re.compile(r"([+-]\d\d:?\d\d) ?\([^()]*\)$")
# How months begin, from January on, in English, German, French, Spanish, Portuguese, Italian, Dutch, and
# Russian.
MONTHS = {
    beginning: number
    for number, beginnings in enumerate(
        (
            "jan ene gen янв", "feb fev фев", "mar mrz maa mrt мар", "apr avr abr апр",
            "may mai mag mei маи мая", "jun juin giu июн", "jul juil lug июл", "aug aou ago авг",
            "sep set сен", "oct okt ott out окт", "nov ноя", "dec dez dic дек",
        ),
        start=1,
    )
    for beginning in beginnings.split()
}  # fmt: skip
MONTH = r"([^\W\d_]{3,10})"
NAMED_MONTH = re.compile(
    rf"(?:(\d{{1,2}})(?:\.|st|nd|rd|th|er)?[ -]{MONTH}|{MONTH}\.? (\d{{1,2}})(?:st|nd|rd|th)?)"
    r"\.?,?[ -](\d{4}|\d\d)(?=,? |$)"
)
# A day of the week in front, in the same languages; and the words around day and time.
WEEKDAY = re.compile(
    r"^(?:mo|tu|we|th|fr|sa|su|di|mi|do|so|lu|ma|me|je|ve|vi|ju|ji|gi|se|te|qu|wo|vr|za|zo"
    r"|пн|по|вт|ср|чт|че|пт|пя|сб|су|вс|во)[a-zа-я-]*"
    r"[.,]{0,2} (?=\d)"
)
JOINING = re.compile(
    r" del?(?= )| г\.?(?=,? )| ?(?:,|\b(?:at|a|a las|um|om|le|ore|в)) (?=\d{1,2}[ :.h])| uhr$"
)
ASIAN_DAY = re.compile(r"(\d{4})[年년] ?(\d{1,2})[月월] ?(\d{1,2})[日일](?: ?\([^()]\))? ?")
# Before or after noon in front of the time, as in `午後10:19`; and a time by letters, as in `10h19`.
HALF_BEFORE = re.compile(r"(?:(午前|上午|오전)|午後|下午|오후) ?(\d.*)")
LETTERED_TIME = re.compile(
    r"(?<=[ t])(\d{1,2}) ?(?:h|時|时|시) ?(\d\d)(?: ?(?:min|m|分|분)(?: ?(\d\d) ?(?:s|秒|초))?)?"
)
SPELLED = re.compile(
    r"(\d{1,4})([./-]) ?(\d{1,2})\2 ?(\d{1,4})\.?,?\s+"
    r"(\d{1,2})([:.])(\d\d)(?:\6(\d\d)(?:[.,](\d{1,6}))?)?\s*(?:([ap])\.?\s?m\b\.?)?"
)
DAY = re.compile(r"\d{1,4}[./-]? ?\d{1,2}[./-]? ?\d{1,4}\.?")
# Which part of a date comes first where the year does not.
DAY_FIRST, MONTH_FIRST = "day", "month"
# What is wrong with a cell.
EITHER_FIRST = "may begin with the day or the month: write 2026-07-31 12:00."
DAY_ALONE = "is not a date and time but a day alone: use the file as it was exported."
NO_INSTANT = (
    "is not a date and time such as 2026-07-31T12:00:00.000Z. A spreadsheet may have changed it: use the "
    "file as it was exported."
)


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
            reason = str(problem) if str(problem) in (DAY_ALONE, EITHER_FIRST) else NO_INSTANT
        raise ValueError(f"“{text[:40]}” {reason}")

    def _read(self, text: str) -> datetime:
        with suppress(ValueError):
            if (instant := _from_iso(text)).tzinfo:  # nearly every one
                return instant
        if number := with_point(text, self.delimiter):
            return self._counted(number)
        text = US_ZONE.sub(_us_offset, in_numbers(text))
        text = BLANK_BEFORE_ZONE.sub("", NAMED_UTC.sub("+00:00", text))
        if DAY.fullmatch(text) or len(text) <= len("2026-07-31"):
            raise ValueError(DAY_ALONE if DAY.fullmatch(text) else NO_INSTANT)
        return _from_iso(SPELLED.sub(self._in_iso, text, count=1))

    def _in_iso(self, match: re.Match[str]) -> str:
        """A date in numbers as ISO 8601 writes it, without its zone."""
        first = self.first() if match[2] != "." and len(match[1]) <= 2 else DAY_FIRST
        if not first:
            raise ValueError(EITHER_FIRST)
        day, _, month, year, hours, _, minutes, seconds, fraction, half = match.groups()
        if len(day) == 4:
            day, year = year, day
        elif first == MONTH_FIRST:
            day, month = month, day
        if half == "a" and int(hours) > 12:
            raise ValueError("before noon there is no such hour")
        hour = int(hours) % 12 + 12 * (half == "p") if half else int(hours)
        date = f"{year if len(year) == 4 else f'20{year}'}-{month:0>2}-{day:0>2}"
        return f"{date}T{hour:02}:{minutes}:{seconds or '00'}.{(fraction or '0'):0<6}"

    def _counted(self, number: str) -> datetime:
        """Milliseconds or another unit since 1970, or a spreadsheet's days."""
        if match := SERIAL.fullmatch(number):
            if not Decimal(number) % 1:
                raise ValueError(DAY_ALONE)
            instant = SPREADSHEET_EPOCH + timedelta(milliseconds=round(Decimal(number) * 86_400_000))
            if len(match[1] or "") < EXACT_DECIMALS:
                instant = instant.replace(second=0, microsecond=0)
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


def _us_offset(match: re.Match[str]) -> str:
    return f"{match[1]}-0{'ecmp'.index(match[2]) + (4 if match[3] == 'd' else 5)}:00"


def in_numbers(text: str) -> str:
    """The text of a date in lower case and in numbers, whichever language its words are in."""
    if len(text) > LONGEST:
        return ""
    plain = "".join(char for char in normalize("NFD", text.lower()) if not combining(char))
    plain = NAME_OF_OFFSET.sub(r"\1", " ".join(normalize("NFC", plain).lstrip("'").split()))
    plain = HALF_BEFORE.sub(lambda match: f"{match[2]} {'a' if match[1] else 'p'}m", plain)
    plain = LETTERED_TIME.sub(lambda match: f"{match[1]}:{match[2]}:{match[3] or '00'}", plain)
    plain = JOINING.sub(" ", ASIAN_DAY.sub(r"\1-\2-\3 ", plain))
    return WEEKDAY.sub("", NAMED_MONTH.sub(_month_in_numbers, " ".join(plain.split())))


def _month_in_numbers(match: re.Match[str]) -> str:
    """A date with a month by its name, the day in front: `30.7.2026`."""
    name = match[2] or match[3]
    month = MONTHS.get(name[:4]) or MONTHS.get(name[:3])
    return f"{match[1] or match[4]}.{month}.{match[5]}" if month else match[0]


def leaves_order_open(text: str) -> bool:
    """Whether a date may begin with the day or with the month: dots stand after a day only."""
    match = SPELLED.match(in_numbers(text))
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
