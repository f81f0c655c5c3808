"""How long to wait before asking again, and when to stop. Pure: the clock and the dice are passed in."""

from datetime import datetime

from collector.base.days import parse_http_date
from collector.base.plausibility import ImplausibleValue, plausible_number

# The vendor advises 1, 2, 4, 8, 16 s; its limits reset every minute, so the last wait reaches a whole one.
WAITS = (1.0, 2.0, 4.0, 8.0, 16.0, 60.0)
# Where nobody answers at all a minute changes little, and a person may be waiting for the line that says so.
UNREACHABLE_WAITS = (1.0, 2.0)
# A vendor that asks for more than this is not waited for: the next run comes within the hour.
LONGEST_WAIT = 120.0
# All tries of one request together, waits included.
TOTAL_SECONDS = 300.0
JITTER = 0.25


def retry_after(header: str | None, now: datetime) -> float | None:
    """Seconds that a `Retry-After` asks for, in either of its forms; None if it has no usable value."""
    text = (header or "").strip()
    try:
        seconds = float(plausible_number(text))
    except ImplausibleValue:
        until = parse_http_date(text)
        return None if until is None else max((until - now).total_seconds(), 0.0)
    return seconds if seconds >= 0 else None


def next_wait(
    tries: int, spent: float, asked: float | None, dice: float, waits: tuple[float, ...] = WAITS
) -> float | None:
    """Seconds to wait after the `tries`-th try failed, or None to give up.

    `spent` are the seconds since the first try began, `asked` what Retry-After said, `dice` in [0, 1).
    The jitter only lengthens, so that a wait the vendor asked for is never cut; one too long ends the tries.
    """
    if tries > len(waits) or (asked is not None and asked > LONGEST_WAIT):
        return None
    wait = waits[tries - 1] if asked is None else max(asked, 1.0)
    wait *= 1 + JITTER * dice
    return wait if spent + wait <= TOTAL_SECONDS else None
