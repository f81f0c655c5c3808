"""US cents: parsed exactly, rounded once."""

from decimal import ROUND_HALF_UP, Decimal

# Six decimals are what the vendor's fractional cents carry (since June 2026).
CENT_PLACES = Decimal("0.000001")
MICRO_PLACES = 6
NO_CENTS = Decimal("0.000000")  # without the sign that a zero may have


def cents(value: Decimal | float | int | str | None) -> Decimal:
    """Return `value` (US cents) as an exact Decimal with six places; None counts as no cents."""
    number = value if isinstance(value, Decimal) else Decimal(str(value or 0))
    return number.quantize(CENT_PLACES, rounding=ROUND_HALF_UP) if number else NO_CENTS


def dollars(value: Decimal) -> str:
    """`$1,234.56` from US cents."""
    whole = round_cents(value)
    return f"{'-' if whole < 0 else ''}${abs(whole) / 100:,.2f}"


def round_cents(value: Decimal) -> int:
    """Round fractional cents half up. Call once, on a total."""
    return int(value.quantize(Decimal(1), rounding=ROUND_HALF_UP))


def in_cents(micro: int) -> Decimal:
    """Millionths of a cent as cents."""
    return Decimal(micro).scaleb(-MICRO_PLACES)


def in_micro(cents: Decimal) -> int:
    return int(cents.scaleb(MICRO_PLACES))
