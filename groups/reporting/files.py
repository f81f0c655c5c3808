"""Rows to a file: CSV, or Parquet where pyarrow is installed."""

import argparse
import csv
from collections.abc import Callable, Iterable, Iterator, Sequence
from datetime import date
from decimal import Decimal
from itertools import islice
from pathlib import Path
from typing import Any, Protocol

from django.core.management.base import CommandError

from collector.base.arguments import day
from collector.base.commands import ProductCommand

Row = dict[str, object]


class Writable(Protocol):
    def write(self, text: str, /) -> object: ...


# Rows of one group in a Parquet file: some ten megabytes.
BATCH = 50_000
NO_PYARROW = "Parquet needs pyarrow: .venv/bin/python -m pip install pyarrow"


def write_csv(file: Writable, columns: Sequence[str], rows: Iterable[Row]) -> int:
    """Write a header and the rows; return the number of rows."""
    writer, written = csv.DictWriter(file, columns), 0
    writer.writeheader()
    for row in rows:
        writer.writerow({name: as_text(value) for name, value in row.items()})
        written += 1
    return written


def as_text(value: object) -> object:
    return f"{value:f}" if isinstance(value, Decimal) else value


def write_parquet(path: Path, columns: Sequence[str], rows: Iterable[Row]) -> int:
    """The same columns as in the CSV: amounts as decimals, counts as integers, all else as text.

    CommandError where pyarrow is not installed.
    """
    try:
        import pyarrow
        import pyarrow.parquet
    except ImportError:
        raise CommandError(NO_PYARROW) from None
    iterator, written = iter(rows), 0
    first = list(islice(iterator, BATCH))
    schema = pyarrow.schema([(name, column_type(pyarrow, name, first)) for name in columns])
    with pyarrow.parquet.ParquetWriter(path, schema) as writer:
        for batch in batches(first, iterator):
            writer.write_table(pyarrow.Table.from_pylist(batch, schema))
            written += len(batch)
    return written


def column_type(pyarrow: Any, name: str, rows: list[Row]) -> Any:
    value = rows[0][name] if rows else ""
    if isinstance(value, Decimal):
        return pyarrow.decimal128(24, 8)
    return pyarrow.int64() if isinstance(value, int) else pyarrow.string()


def batches(first: list[Row], following: Iterator[Row]) -> Iterator[list[Row]]:
    while first:
        yield first
        first = list(islice(following, BATCH))


class ExportCommand(ProductCommand):
    """A command that writes the rows of a range of days to a file."""

    expected_errors = (OSError,)
    columns: Sequence[str]
    rows: Callable[[date, date], Iterator[Row]]

    def add_arguments(self, parser: argparse.ArgumentParser) -> None:
        parser.add_argument("--from", dest="first", type=day, required=True, metavar="DAY")
        parser.add_argument("--to", dest="last", type=day, required=True, metavar="DAY", help="included")
        parser.add_argument(
            "--format", choices=("csv", "parquet"), help="default: from the file's extension, else csv"
        )
        parser.add_argument("file", nargs="?", type=Path, help="file to write; default: standard output")

    def handle(
        self, *, first: date, last: date, format: str | None, file: Path | None, **options: object
    ) -> None:
        if last < first:
            raise CommandError("--to is before --from.")
        kind = format or ("parquet" if file and file.suffix == ".parquet" else "csv")
        rows = self.rows(first, last)
        if file is None:
            if kind == "parquet":
                raise CommandError("Parquet cannot go to standard output: name a file.")
            write_csv(self.stdout, self.columns, rows)
            return
        if kind == "parquet":
            written = write_parquet(file, self.columns, rows)
        else:
            with file.open("w", encoding="utf-8", newline="") as opened:
                written = write_csv(opened, self.columns, rows)
        self.stdout.write(f"{written} rows written to {file}")
