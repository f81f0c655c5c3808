"""Reads the cells of CSV files: addresses, and the many ways to write an empty value."""

import re
import unicodedata

# As long as the column that holds it.
MOST_CHARACTERS = 254
ADDRESS = re.compile(r"[^\s@<>(),;:\"\[\]]+@[^\s@<>(),;:\"\[\]]+")
# How people, spreadsheets and Cursor's own exports write an empty value.
NOTHING = {
    *("", "-", "--", "---", "–", "—", "?", "n/a", "n.a.", "na", "#n/a", "none", "null", "nil", "nan"),
    *("undefined", "unknown", "(none)", "(blank)", "(empty)", "not set", "not available"),
    *("not assigned", "unassigned", "no user"),
}
# Marks, and the halves of characters that no database takes.
INVISIBLE = {"Cf", "Cs"}
# Cursor's word for the person who exported the file.
MYSELF = {"you", "me", "myself"}


def tidy(text: str) -> str:
    """The text in composed form (NFC), without invisible characters, its white space as single blanks."""
    if text.isascii() and text.isprintable():
        return " ".join(text.split())
    visible = "".join(
        " " if unicodedata.category(char) == "Cc" else char
        for char in unicodedata.normalize("NFC", text.replace("\0", ""))
        if unicodedata.category(char) not in INVISIBLE
    )
    return " ".join(visible.split())


def is_address(text: str) -> bool:
    """Whether `text` is an e-mail address and nothing more."""
    return len(text) <= MOST_CHARACTERS and text.isprintable() and ADDRESS.fullmatch(text) is not None


def unquoted_address(text: str) -> str:
    """The address in lower case, without quotes, brackets or a full stop around it, or a link's `mailto:`."""
    plain = " ".join(text.lower().split()).removeprefix("mailto:")
    address = plain.strip("'\"<>.,; ")
    return address if is_address(address) else plain


def bare_address(text: str) -> str:
    """The same, also without a name before it (`Ann <ann@x.io>`)."""
    plain = unquoted_address(text)
    address = unquoted_address(plain.rpartition("<")[2])
    return address if is_address(address) else plain


def is_empty_value(text: str) -> bool:
    """Whether the cell is empty or has a word for empty, such as “N/A”."""
    return text.lower() in NOTHING
