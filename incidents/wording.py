"""Words and figures as messages and timelines show them: plain text, safe to cut."""

import unicodedata
from datetime import datetime, time, timedelta

# Directions that a name must not switch for the text around it (Unicode TR9), and their end.
BIDI_CONTROLS = {
    chr(code) for code in (*range(0x202A, 0x202F), *range(0x2066, 0x206A), 0x200E, 0x200F, 0x061C)
}
ISOLATE, END_ISOLATE = "\u2068", "\u2069"
RIGHT_TO_LEFT = ("R", "AL")
UNPRINTABLE = ("Cc", "Cs")  # controls, and halves of characters, which no database stores
# Glue of emoji and accents: a cut must not leave them at the end.
JOINERS = ("Mn", "Me", "Cf", "Sk")


def instant(at: datetime | None) -> str:
    """`2 Mar 2026, 14:05 UTC`; `unknown` for None."""
    return f"{at.day} {at:%b %Y, %H:%M} UTC" if at else "unknown"


def end_in_words(at: datetime) -> str:
    """`2 Mar 2026, 14:05 UTC`; of midnight `the end of 1 Mar 2026`, as people choose it."""
    day = at - timedelta(days=1)
    return instant(at) if at.time() != time() else f"the end of {day.day} {day:%b %Y}"


def clean(text: str) -> str:
    """`text` on one line, without control characters; right-to-left text does not turn what follows it."""
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


def said_to_member(who: str, text: str) -> str:
    """`you spent $412 in 24 h, 6.1x your usual $67`, for a text about `who` that begins with the name."""
    text = text.rstrip(".")
    return f"you{text.removeprefix(who)}".replace(" their ", " your ") if text.startswith(who) else text
