"""Compressed CSV files: read as they are, while other archives and bombs are refused."""

import gzip
import io
import zipfile

import pytest

from collector.base.csv_files import CsvTable, FileError

COLUMNS = {"email": ("email",), "team": ("team",)}
TEXT = "Email,Team\nann@x.io,Core\n"
ROWS = [("ann@x.io", "Core")]


def read(data: bytes) -> list[tuple[str, str]]:
    table = CsvTable(io.BytesIO(data), COLUMNS, required=("email",))
    return [(row["email"], row["team"]) for row in table]


def zipped(*names: str, text: bytes = TEXT.encode(), method: int = zipfile.ZIP_DEFLATED) -> bytes:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", method) as archive:
        for name in names:
            archive.writestr(name, b"" if name.endswith("/") else text)
    return file.getvalue()


def shifted(archive: bytes) -> bytes:
    """With a directory that claims to begin further on than it does."""
    return (
        archive[:-6] + (int.from_bytes(archive[-6:-2], "little") + 500).to_bytes(4, "little") + archive[-2:]
    )


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "cp1252"])
def test_a_compressed_file_is_read_in_any_encoding(encoding):
    text = TEXT.encode(encoding)
    assert read(gzip.compress(text)) == read(zipped("people.csv", text=text)) == ROWS


def test_what_stands_beside_the_one_file_of_an_archive_is_passed_over():
    assert read(zipped("a/", "a/people.csv", "__MACOSX/a/._people.csv", "a/.DS_Store")) == ROWS


def test_a_gzip_file_of_several_parts_is_read_whole():
    assert read(gzip.compress(b"Email,Team\n") + gzip.compress(b"ann@x.io,Core\n")) == ROWS


@pytest.mark.parametrize(
    ("data", "says"),
    [
        (zipped("a.csv", "b.csv"), "Line 1: this is a ZIP archive or an Excel workbook"),
        (zipped(), "Line 1: this is a ZIP archive or an Excel workbook"),
        (zipped("people.csv", method=zipfile.ZIP_LZMA), "Line 1: this is a ZIP archive or an Excel workbook"),
        (shifted(zipped("people.csv")), "Line 1: this is a ZIP archive or an Excel workbook"),
        (zipped("people.csv")[:-30], "Line 1: this is a ZIP archive or an Excel workbook"),
        (gzip.compress(zipped("people.csv")), "Line 1: this is a ZIP archive or an Excel workbook"),
        (gzip.compress(gzip.compress(TEXT.encode())), "Line 1: this is a compressed file within another"),
        (gzip.compress(TEXT.encode())[:-9], "Line 1: this compressed file is damaged or cut off"),
        (gzip.compress(TEXT.encode("utf-16"))[:-9], "Line 1: this compressed file is damaged or cut off"),
    ],
    ids=range(9),  # the bytes hold the second that they were made in, and test processes must agree
)
def test_another_archive_or_a_damaged_one_is_refused(data, says):
    with pytest.raises(FileError) as caught:
        read(data)
    assert says in str(caught.value)


@pytest.mark.parametrize("encoding", ["utf-8", "utf-16"])
def test_a_file_that_unpacks_to_far_more_than_an_export_is_refused(monkeypatch, encoding):
    monkeypatch.setattr("collector.base.archives.ALWAYS_FINE", 1000)
    bomb = (TEXT + "ann@x.io,Core\n" * 200_000).encode(encoding)
    for data in (gzip.compress(bomb), zipped("people.csv", text=bomb)):
        with pytest.raises(FileError, match="unpacks to far more than an export"):
            read(data)
