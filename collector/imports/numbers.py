"""Numbers of a file as people's programs write them; a decimal comma is never read as one of thousands."""

import re
from decimal import Decimal

from collector.base.money import cents
from collector.base.plausibility import MOST_CHARGE, MOST_COUNT, MOST_UNITS, is_number

# What a cell may hold in place of a number, such as the bound of one that is too small to show: `<$0.01`.
NO_NUMBER = re.compile(r"-{0,2}|[–—]|nan|null|none|#?n/a|na|included\b.*|<\s?\$?0?\.0*1", re.IGNORECASE)
# What says that nothing was charged, as in “Errored, No Charge”, and $0 as accountants write it: `$ -`.
FREE = re.compile(r"\$?free|\$\s*[-–—]+|errored|aborted|(\w+, )?(no charge|not charged)", re.IGNORECASE)

# As in Europe and America, or in India.
GROUPED = re.compile(r"[1-9]\d{0,2}(?:([,.'’\u00a0\u202f ])\d{3})(?:\1\d{3})*|[1-9]\d?(?:,\d{2})+,\d{3}")
WHOLE = re.compile(r"(\d{1,24})(?:[.,]0*)?")
PLAIN = re.compile(r"\d{0,24}(?:\.\d{1,24})?(?:e-\d{1,2})?", re.IGNORECASE)
# As programs write large numbers, with all digits: a spreadsheet's `1.78E+12` has lost most of them.
EXPONENT = re.compile(r"\d(?:\.(\d{1,24}))?e\+?(\d{1,2})", re.IGNORECASE)
# Of an amount with an exponent that nobody has rounded: a spreadsheet makes $125.37 `1.25E+02`.
CENTS_DIGITS = 2
THOUSANDS_THEN_POINT = re.compile(r"[1-9]\d{0,2}([,'’ ])\d{3}(\1\d{3})*\.\d+|[1-9]\d{0,2}(,\d{3}){2,}")
THOUSANDS_THEN_COMMA = re.compile(r"[1-9]\d{0,2}([.'’\u00a0\u202f ]\d{3})+,\d+|[1-9]\d{0,2}(\.\d{3}){2,}")
DECIMAL_COMMA = re.compile(r"\d{0,24},\d{1,24}")
# Could be twelve and a half, or twelve thousand five hundred.
AMBIGUOUS = re.compile(r"[1-9]\d{0,2},\d{3}")
MINUS = ("-", "−")
BRACKETED = re.compile(r"\(([^-−+()]+)\)")
CURRENCY = re.compile(r"^(?:us ?)?\$|^usd|(?:us)?\$$|usd$", re.IGNORECASE)


def count(text: str, what: str) -> int | None:
    """A whole number from 0; None for a cell without one; ValueError for anything else."""
    if is_number(text, most_digits=12):  # nearly every cell, and less than MOST_COUNT
        return int(text)
    if NO_NUMBER.fullmatch(text):
        return None
    if GROUPED.fullmatch(text):
        number = int(re.sub(r"\D", "", text))
    elif match := WHOLE.fullmatch(_written_out(text) or text):
        number = int(match[1])
    else:
        raise ValueError(f"“{text[:40]}” is not a {what}. Use the file as it was exported.")
    if number > MOST_COUNT:
        raise ValueError(f"“{text[:40]}” is too large for a {what}.")
    return number


def money(text: str, delimiter: str, most: Decimal = MOST_CHARGE, unit: int = 100) -> Decimal | None:
    """Cents of a cell in dollars, or a `unit` of so many cents; None where it holds none; ValueError where it
    holds something else."""
    if FREE.fullmatch(text):
        return Decimal(0)
    amount = _amount(text, delimiter, "cost")
    if amount is None:
        return None
    if abs(amount) * unit > most:
        raise ValueError(f"“{text[:40]}” is too large for a cost: the columns may have shifted.")
    return cents(amount * unit)


def units(text: str, delimiter: str) -> Decimal | None:
    """Request units; None where the cell holds none; ValueError where it holds something else."""
    if FREE.fullmatch(text):
        return Decimal(0)
    amount = _amount(text, delimiter, "number of requests")
    if amount is not None and not 0 <= amount <= MOST_UNITS:
        raise ValueError(f"“{text[:40]}” is not a possible number of requests.")
    return amount


def _amount(text: str, delimiter: str, what: str) -> Decimal | None:
    if NO_NUMBER.fullmatch(text):
        return None
    sign, digits = _unsigned(text)
    if plain := with_point(digits, delimiter):
        if EXPONENT.fullmatch(digits) and len(plain.partition(".")[2]) < CENTS_DIGITS:
            raise ValueError(f"“{text[:40]}” may have lost its last digits. Use the file as it was exported.")
        return sign * Decimal(plain)
    if AMBIGUOUS.fullmatch(digits):
        raise ValueError(
            f"“{text[:40]}” is ambiguous: the comma may be a decimal comma or a thousands separator. "
            "Use the file as it was exported."
        )
    raise ValueError(f"“{text[:40]}” is not a {what}. Use the file as it was exported.")


def _unsigned(text: str) -> tuple[int, str]:
    """The sign, and the rest without the currency. Accountants write `(0.25)` or `0.25-` for a credit."""
    bare = CURRENCY.sub("", text.strip()).strip()
    if match := BRACKETED.fullmatch(bare):
        return -1, CURRENCY.sub("", match[1]).strip()
    sign = -1 if bare.startswith(MINUS) or bare.endswith(MINUS) else 1
    bare = bare.lstrip("-−") if bare.startswith(MINUS) else bare.rstrip("-−").removeprefix("+")
    return sign, CURRENCY.sub("", bare.strip()).strip()


def with_point(digits: str, delimiter: str) -> str:
    """The number with a decimal point and nothing else; empty where nobody can be sure of it.

    A semicolon separates the cells where the comma is the decimal sign; a tab leaves it open.
    """
    if digits.strip(".") and PLAIN.fullmatch(digits):
        return digits
    if written_out := _written_out(digits):
        return written_out
    if THOUSANDS_THEN_POINT.fullmatch(digits):
        return re.sub(r"[^\d.]", "", digits)
    if delimiter == ",":
        return ""
    if THOUSANDS_THEN_COMMA.fullmatch(digits):
        return re.sub(r"[^\d,]", "", digits).replace(",", ".")
    if DECIMAL_COMMA.fullmatch(digits) and (delimiter == ";" or not AMBIGUOUS.fullmatch(digits)):
        return digits.replace(",", ".")
    return ""


def _written_out(digits: str) -> str:
    """A number with an exponent without it; empty where it is another, or has lost digits."""
    match = EXPONENT.fullmatch(digits)
    return f"{Decimal(digits):f}" if match and int(match[2]) <= len(match[1] or "") else ""
