"""A CSV file that came compressed: read as it is unpacked, without a copy on the disk."""

from __future__ import annotations

import gzip
import io
import zipfile
import zlib
from typing import TYPE_CHECKING, BinaryIO, cast

from .encodings import SPREADSHEET, NotText

if TYPE_CHECKING:
    from _typeshed import WriteableBuffer

GZIP, ZIP = b"\x1f\x8b", b"PK\x03\x04"
# Exports are compressed to a tenth; what grows by more is no export, and would take for ever to read.
MOST_GROWTH, ALWAYS_FINE = 200, 64 << 20
DAMAGED = "Line 1: this compressed file is damaged or cut off. Unpack it first, or export it again."
BROKEN = (OSError, EOFError, ValueError, RuntimeError, zlib.error, zipfile.BadZipFile)
# Others are rare, and damaged fail in many ways.
METHODS = (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED)


def unpacked(file: BinaryIO) -> BinaryIO:
    """The file, or what a `.gz` or a `.zip` with a single file holds; NotText for other archives."""
    head = file.read(len(ZIP))
    size = file.seek(0, io.SEEK_END)
    file.seek(0)
    if head.startswith(GZIP):
        return _limited(gzip.GzipFile(fileobj=file), size)
    return _limited(_only_member(file), size) if head == ZIP else file


def _only_member(file: BinaryIO) -> io.BufferedIOBase:
    try:
        archive = zipfile.ZipFile(file)
        members = [info for info in archive.infolist() if not _is_beside(info)]
        if [info.compress_type in METHODS for info in members] != [True]:
            raise NotText(f"Line 1: {SPREADSHEET}")
        return cast(io.BufferedIOBase, archive.open(members[0]))
    except BROKEN as exc:
        raise NotText(f"Line 1: {SPREADSHEET}") from exc


def _is_beside(info: zipfile.ZipInfo) -> bool:
    """Whether it is a folder, or what macOS adds."""
    return info.is_dir() or info.filename.startswith("__MACOSX/") or info.filename.endswith(".DS_Store")


def _limited(packed: io.BufferedIOBase, size: int) -> BinaryIO:
    return io.BufferedReader(_Limited(packed, max(MOST_GROWTH * size, ALWAYS_FINE)), 1 << 16)


class _Limited(io.RawIOBase):
    """What `packed` holds, up to `most` bytes; NotText beyond them, and where it is damaged."""

    def __init__(self, packed: io.BufferedIOBase, most: int) -> None:
        self._packed, self._most = packed, most

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        return self._packed.seek(offset, whence)

    def tell(self) -> int:
        return self._packed.tell()

    def readinto(self, buffer: WriteableBuffer) -> int:
        room = memoryview(buffer)
        try:
            data = self._packed.read(len(room))
        except BROKEN as exc:
            raise NotText(DAMAGED) from exc
        if self._packed.tell() > self._most:
            raise NotText("Line 1: this compressed file unpacks to far more than an export. Unpack it first.")
        room[: len(data)] = data
        return len(data)
