"""Words and figures as messages and timelines show them: plain text, safe to cut."""

import unicodedata
from datetime import datetime, time, timedelta
from decimal import ROUND_HALF_UP, Decimal

# Directions that a name must not switch for the text around it (Unicode TR9), and their end.
BIDI_CONTROLS = {
    chr(code) for code in (*range(0x202A, 0x202F), *range(0x2066, 0x206A), 0x200E, 0x200F, 0x061C)
}
ISOLATE, END_ISOLATE = "\u2068", "\u2069"
RIGHT_TO_LEFT = ("R", "AL")
UNPRINTABLE = ("Cc", "Cs")  # controls, and halves of characters, which no database stores
# Glue of emoji and accents: a cut must not leave them at the end.
JOINERS = ("Mn", "Me", "Cf", "Sk")


def dollars(cents: Decimal | float | int) -> str:
    """`$1,234.56`, rounded half up from cents; negative amounts as `-$0.50`."""
    amount = (Decimal(str(cents)) / 100).quantize(Decimal("0.01"), rounding=ROUND_HALF_UP)
    return f"-${-amount:,.2f}" if amount < 0 else f"${amount:,.2f}"


def instant(at: datetime | None) -> str:
    """`2 Mar 2026, 14:05 UTC`; `unknown` for None."""
    return f"{at.day} {at:%b %Y, %H:%M} UTC" if at else "unknown"


def end_in_words(at: datetime) -> str:
    """`2 Mar 2026, 14:05 UTC`; of midnight `the end of 1 Mar 2026`, as people choose it."""
    day = at - timedelta(days=1)
    return instant(at) if at.time() != time() else f"the end of {day.day} {day:%b %Y}"


def duration(span: timedelta | None) -> str:
    """`45 min`, `3 h 20 min`, `2 d 4 h`; `–` for None."""
    if span is None:
        return "–"
    minutes = round(span.total_seconds() / 60)
    if minutes < 60:
        return f"{minutes} min"
    hours, minutes = divmod(minutes, 60)
    if hours < 48:
        return f"{hours} h {minutes} min" if minutes else f"{hours} h"
    days, hours = divmod(hours, 24)
    return f"{days} d {hours} h" if hours else f"{days} d"


def clean(text: str) -> str:
    """`text` on one line without what is no character; right-to-left text keeps its direction to itself."""
    printable = "".join(
        " " if unicodedata.category(c) in UNPRINTABLE else c for c in text if c not in BIDI_CONTROLS
    )
    line = " ".join(printable.split())
    if any(unicodedata.bidirectional(c) in RIGHT_TO_LEFT for c in line):
        return f"{ISOLATE}{line}{END_ISOLATE}"
    return line


def shorten(text: str, limit: int) -> str:
    """`text` cleaned and cut to at most `limit` characters, an ellipsis in place of the rest."""
    line = clean(text)
    if len(line) <= limit:
        return line
    isolated = line.startswith(ISOLATE)
    cut = line[: limit - (2 if isolated else 1)]
    while cut and unicodedata.category(cut[-1]) in JOINERS:
        cut = cut[:-1]
    return cut.rstrip() + "…" + (END_ISOLATE if isolated else "")
