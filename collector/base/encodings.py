"""Which encoding a file of text is in; and what it is where it is not text."""

import codecs
import re
from typing import BinaryIO, cast

CHUNK_BYTES = 1 << 20
# How bytes that are not text are decoded: as half a character, which no text has.
DAMAGED_BYTES = "half-characters"
codecs.register_error(DAMAGED_BYTES, lambda error: ("\udcff", cast(UnicodeDecodeError, error).end))
DAMAGE = re.compile("[\ud800-\udfff]")
BEYOND_ASCII = re.compile("[^\x00-\x7f\ud800-\udfff]")
SPREADSHEET = (
    "this is a ZIP archive or an Excel workbook, not a CSV file. Unpack it, or save it as CSV in Excel."
)
# How files begin that people take for a CSV.
OTHER_KINDS = {
    b"PK\x03\x04": SPREADSHEET,
    b"PK\x05\x06": SPREADSHEET,
    b"\xd0\xcf\x11\xe0": "this is an old Excel workbook, not a CSV file. Save it as CSV in Excel.",
    b"\x1f\x8b": "this is a compressed file within another one. Unpack it first.",
    b"BZh": "this is a compressed file. Unpack it first.",
    b"\xfd7zXZ": "this is a compressed file. Unpack it first.",
    b"7z\xbc\xaf": "this is a compressed file. Unpack it first.",
    b"%PDF": "this is a PDF, not a CSV file.",
    b"SQLite format 3": "this is an SQLite database, not a CSV file.",
    b"\x89PNG": "this is a picture, not a CSV file.",
}
MARKS = {
    codecs.BOM_UTF8: "utf-8-sig",
    codecs.BOM_UTF32_LE: "utf-32",
    codecs.BOM_UTF32_BE: "utf-32",
    codecs.BOM_UTF16_LE: "utf-16",
    codecs.BOM_UTF16_BE: "utf-16",
}


class NotText(ValueError):
    """The file is of another kind; the message says which, with the line."""


def encoding_of(file: BinaryIO) -> tuple[str, str]:
    """Python's name of the encoding, and what to call it in a report where it was only guessed.

    By the file's mark; else UTF-16 where every other byte is a NUL, UTF-8 where all of it decodes or most of
    what is not ASCII does, or else Windows-1252. The file is left at its beginning.
    """
    head = file.read(16)
    for beginning, reason in OTHER_KINDS.items():
        if head.startswith(beginning):
            raise NotText(f"Line 1: {reason}")
    _check_markup(head.removeprefix(codecs.BOM_UTF8))
    marked = (name for mark, name in MARKS.items() if head.startswith(mark))
    encoding = next(((name, "") for name in marked), None) or _by_nuls(head)
    if not encoding:
        encoding = _by_content(file)
    file.seek(0)
    return encoding


def _by_nuls(head: bytes) -> tuple[str, str] | None:
    """UTF-16 without a mark, which begins with letters of one byte."""
    if len(head) < 4:
        return None
    if not any(head[1::2]) and all(head[::2]):
        return "utf-16-le", "UTF-16"
    if not any(head[::2]) and all(head[1::2]):
        return "utf-16-be", "UTF-16"
    return None


def _check_markup(head: bytes) -> None:
    text = head.lstrip().lower()
    if text.startswith((b"<!doctype", b"<html", b"<?xml")):
        raise NotText(
            "Line 1: this is a web page, not a CSV file: the download may have asked for a sign-in."
        )
    if text.startswith((b"{", b"[")):
        raise NotText("Line 1: this is JSON, not a CSV file.")


def _by_content(file: BinaryIO) -> tuple[str, str]:
    """UTF-8 or Windows-1252, by the whole file; NotText at a NUL in its first line, which no text has."""
    file.seek(0)
    if b"\0" in file.readline(CHUNK_BYTES):
        raise NotText("Line 1: this is not a text file. Export it again as CSV.")
    file.seek(0)
    decoder = codecs.getincrementaldecoder("utf-8")(DAMAGED_BYTES)
    good = bad = 0  # characters beyond ASCII, and bytes that are none
    chunk = b"begin"
    while chunk:
        chunk = file.read(CHUNK_BYTES)
        text = decoder.decode(chunk, final=not chunk)
        if not text.isascii():
            bad += len(DAMAGE.findall(text))
            good += len(BEYOND_ASCII.findall(text))
    if not bad:
        return "utf-8", ""
    # Text in Windows-1252 hardly ever looks like UTF-8, whose letters beyond ASCII are pairs of odd bytes.
    return ("utf-8", "UTF-8 with damaged characters") if good >= bad else ("cp1252", "Windows-1252")
