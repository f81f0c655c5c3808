"""Rows straight into tables, as fast as the database takes them."""

from __future__ import annotations

import io

import pandas as pd
from django.db import connection, models


def insert(model: type[models.Model], rows: pd.DataFrame) -> None:
    """Insert `rows`, whose columns are the table's own names, into `model`'s table."""
    if connection.vendor == "postgresql":
        _copy(model, rows)
    else:
        _execute_many(model, rows)


def _copy(model: type[models.Model], rows: pd.DataFrame) -> None:
    columns = ", ".join(f'"{column}"' for column in rows.columns)
    text = io.StringIO()
    rows.to_csv(text, index=False, header=False, na_rep=r"\N")
    with connection.cursor() as cursor:
        statement = f"COPY {model._meta.db_table} ({columns}) FROM STDIN WITH (FORMAT csv, NULL '\\N')"
        with cursor.copy(statement) as copy:
            copy.write(text.getvalue())


def _execute_many(model: type[models.Model], rows: pd.DataFrame) -> None:
    columns = ", ".join(f'"{column}"' for column in rows.columns)
    marks = ", ".join("?" for _ in rows.columns)
    statement = f'INSERT INTO "{model._meta.db_table}" ({columns}) VALUES ({marks})'  # noqa: S608
    values = zip(*(rows[column].tolist() for column in rows.columns), strict=True)
    connection.ensure_connection()
    connection.connection.executemany(statement, values)


def instants(milliseconds: pd.Series) -> pd.Series:
    """Epoch milliseconds as the text that both databases store for an instant."""
    text = pd.to_datetime(milliseconds, unit="ms").dt.strftime("%Y-%m-%d %H:%M:%S.%f")
    return text + "+00" if connection.vendor == "postgresql" else text
