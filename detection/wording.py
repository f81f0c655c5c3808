"""How figures are told in messages: dollars, counts, times, always the same way."""

from __future__ import annotations

from datetime import UTC, datetime


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


def since(onset_at: datetime, as_of: datetime) -> str:
    """02:14 UTC, with the day where it is another one than that of `as_of`."""
    onset, now = onset_at.astimezone(UTC), as_of.astimezone(UTC)
    day = "" if onset.date() == now.date() else f"{onset.day} {onset:%b} "
    return f"{day}{onset:%H:%M} UTC"
