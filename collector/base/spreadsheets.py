"""Cells that a spreadsheet opens as text, and their way back."""

# What makes a spreadsheet take a cell for a formula; the wide forms, where it is set to Japanese or Chinese.
FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠")


def harmless(text: str) -> str:
    """Return `text` so that a spreadsheet never computes it: an apostrophe in front where needed."""
    if text.startswith(FORMULA_STARTS) or _is_escaped(text):
        return "'" + text
    return text


def original(cell: str) -> str:
    """Return the text that `harmless` made `cell` of."""
    return cell[1:] if _is_escaped(cell) else cell


def _is_escaped(text: str) -> bool:
    return text.startswith("'") and text[1:].startswith((*FORMULA_STARTS, "'"))
