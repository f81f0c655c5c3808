"""Cells that a spreadsheet opens as text, and their way back."""

import re

# What makes a spreadsheet take a cell for a formula; the wide forms, where it is set to Japanese or Chinese.
FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠")
# Where Excel writes decimals with a comma it divides at semicolons instead, so that a cell begins there, too.
BEGINNING, STARTS = r"(^|;)", re.escape("".join(FORMULA_STARTS))
UNESCAPED = re.compile(f"{BEGINNING}(?=[{STARTS}]|'[{STARTS}'])")
ESCAPED = re.compile(f"{BEGINNING}'(?=[{STARTS}'])")


def harmless(text: str) -> str:
    """Return `text` so that a spreadsheet never computes it: an apostrophe in front where needed."""
    if text.startswith((*FORMULA_STARTS, "'")) or ";" in text:  # few do, and an export has millions of cells
        return UNESCAPED.sub(r"\1'", text)
    return text


def original(cell: str) -> str:
    """Return the text that `harmless` made `cell` of."""
    return ESCAPED.sub(r"\1", cell)
