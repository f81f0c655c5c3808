"""How messages write figures: dollars, counts, times, always the same way."""

import re
from collections.abc import Iterable
from datetime import UTC, datetime

# What `with_onset` adds to a sentence.
ONSET = re.compile(r" \(since [^()]*\)")
MOST_NAMES = 5


def model_label(key: str) -> str:
    """The vendor's own name of a model, except for `default`, which people know as Auto, and for none."""
    return {"default": "Auto", "": "(no model named)"}.get(key, key)


def dollars(cents: float) -> str:
    """$412, $1,234; with cents below ten dollars: $4.20."""
    amount = abs(cents) / 100
    return f"${amount:,.0f}" if amount >= 9.995 else f"${amount:.2f}"


def signed_dollars(cents: float) -> str:
    """+$290 or -$12."""
    return ("+" if cents >= 0 else "-") + dollars(cents)


def times(observed: float, expected: float) -> str:
    """6.1x, or 61x from ten on."""
    ratio = observed / expected
    return f"{ratio:,.0f}x" if ratio >= 9.95 else f"{ratio:.1f}x"


def listing(names: Iterable[str]) -> str:
    """Ana Ruiz, Ben Ito; the first five in order, and how many more."""
    ordered = sorted(names)
    more = f" and {len(ordered) - MOST_NAMES} more" if len(ordered) > MOST_NAMES else ""
    return ", ".join(ordered[:MOST_NAMES]) + more


def since(onset_at: datetime, as_of: datetime) -> str:
    """02:14 UTC, with the day where it is another one than that of `as_of`."""
    onset, now = onset_at.astimezone(UTC), as_of.astimezone(UTC)
    day = "" if onset.date() == now.date() else f"{onset.day} {onset:%b} "
    return f"{day}{onset:%H:%M} UTC"


def with_onset(sentence: str, onset_at: datetime | None, as_of: datetime) -> str:
    """`sentence (since 02:14 UTC)`; the sentence alone where no onset is known."""
    return f"{sentence} (since {since(onset_at, as_of)})" if onset_at else sentence


def without_onset(message: str) -> str:
    """A message without what `with_onset` said in it."""
    return ONSET.sub("", message, count=1)


def at_onset(message: str, onset_at: datetime | None, as_of: datetime) -> str:
    """The message with another onset in place of its own."""
    return ONSET.sub(lambda _: with_onset("", onset_at, as_of), message, count=1)
