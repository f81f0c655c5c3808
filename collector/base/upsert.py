"""Writing what was read: compare with what is stored, and write only what is new or changed."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from decimal import Decimal
from functools import lru_cache
from itertools import repeat
from typing import Any, TypeVar, cast

from django.db import connection, models, transaction
from django.db.models.constants import OnConflict

from .chunks import chunks
from .days import from_epoch_ms
from .models import Lease

Key = tuple[Any, ...]
Values = tuple[Any, ...]
K = TypeVar("K", bound=Key)
V = TypeVar("V", bound=Values)

# Rows handed to the driver at a time.
BATCH = 2000
FACTS = "facts"  # the lease of whoever writes them


@dataclass(frozen=True)
class Upserted:
    """Keys of the rows that were new, and of those that changed."""

    new: list[Key] = field(default_factory=list)
    changed: list[Key] = field(default_factory=list)

    @property
    def touched(self) -> list[Key]:
        return self.new + self.changed


@dataclass(frozen=True)
class FactTable:
    """How rows of one table are recognised (`key`), compared (`values`) and stamped."""

    model: type[models.Model]
    key: tuple[str, ...]
    values: tuple[str, ...]
    stamp: tuple[str, ...] = ("updated_at",)  # set whenever a row is written
    first_stamp: tuple[str, ...] = ()  # set when it is made, kept afterwards

    def upsert(self, rows: Mapping[K, V], stored: models.QuerySet, at: datetime) -> Upserted:
        """Bring the table to `rows`; `stored` are all rows that may be meant. Others stay as they are."""
        return self.bring(rows, self.stored_values(stored), at)

    def bring(
        self, rows: Mapping[K, V], stored: Mapping[K, V] | Mapping[Key, Values], at: datetime
    ) -> Upserted:
        """Write those of `rows` that `stored` lacks or has otherwise."""
        compared = self.compare(rows, stored)
        self.write(rows, compared, at)
        return compared

    def compare(self, rows: Mapping[K, V], stored: Mapping[K, V] | Mapping[Key, Values]) -> Upserted:
        """Which of `rows` are new, and which differ from `stored`."""
        new: list[Key] = [key for key in rows if key not in stored]
        changed: list[Key] = [key for key, values in rows.items() if key in stored and stored[key] != values]
        return Upserted(new, changed)

    def write(self, rows: Mapping[K, V], compared: Upserted, at: datetime) -> None:
        """Write those of `rows` that the comparison names."""
        touched = [(*key, *rows[cast(K, key)]) for key in compared.touched]
        for batch in chunks(touched, BATCH):
            self._write(batch, at)

    def stored_values(self, stored: models.QuerySet) -> dict[Key, Values]:
        width = len(self.key)
        rows = stored.order_by().values_list(*self.key, *self.values)
        return {row[:width]: row[width:] for row in rows.iterator(chunk_size=BATCH)}

    def _write(self, rows: Sequence[tuple[object, ...]], at: datetime) -> None:
        """Insert or update without an instance of every row, which `bulk_create` makes.

        Measured on a collection of 41,000 events: 2.0 s of processor time instead of 5.3 on SQLite, and 4.8
        instead of 7.0 on PostgreSQL, its server included.
        """
        names = [*self.key, *self.values]
        stamps = {*self.stamp, *self.first_stamp}
        fields = [self._field(name) for name in names]
        others = [
            field
            for field in self.model._meta.concrete_fields
            if field not in fields and not field.primary_key
        ]
        constants = [
            _prepared(field)(at if field.name in stamps else field.get_default()) for field in others
        ]
        columns = [
            column if (convert := _prepared(field)) is _as_it_is else map(convert, column)
            for field, column in zip(fields, zip(*rows, strict=True), strict=True)
        ]
        statement = self._statement([*fields, *others])
        with connection.cursor() as cursor:
            if connection.vendor == "postgresql":
                # One statement a batch instead of one a row: a fifth of the time there.
                cursor.execute(
                    statement, [*map(list, columns), *([value] * len(rows) for value in constants)]
                )
            else:
                cursor.executemany(statement, list(zip(*columns, *map(repeat, constants), strict=False)))

    def _statement(self, fields: list[models.Field]) -> str:
        quote = connection.ops.quote_name
        columns = ", ".join(quote(str(field.column)) for field in fields)
        rows = f"VALUES ({', '.join(['%s'] * len(fields))})"
        if connection.vendor == "postgresql":
            # Without lengths and places: a cast would cut where a column refuses.
            types = (str(field.db_type(connection)).partition("(")[0] for field in fields)
            lists = ", ".join(f"%s::{name}[]" for name in types)
            rows = f"SELECT * FROM UNNEST({lists})"  # noqa: S608  # nosec B608
        conflict = connection.ops.on_conflict_suffix_sql(
            fields,
            OnConflict.UPDATE,
            [self._field(name).column for name in (*self.values, *self.stamp)],
            [self._field(name).column for name in self.key],
        )
        table = quote(self.model._meta.db_table)
        return f"INSERT INTO {table} ({columns}) {rows} {conflict}"  # noqa: S608  # nosec B608

    def _field(self, name: str) -> models.Field:
        return cast(models.Field, self.model._meta.get_field(name))


def columns_beside(model: type[models.Model], *names: str) -> tuple[str, ...]:
    """The model's columns without its number, when a row was written, and `names`."""
    left_out = {"id", "updated_at", *names}
    return tuple(field.attname for field in model._meta.concrete_fields if field.attname not in left_out)


def filled(values: Values, known: Values) -> Values:
    """`values`, with what they leave unknown (None) as it is `known`."""
    return tuple(old if new is None else new for new, old in zip(values, known, strict=True))


def _prepared(field: models.Field) -> Callable[[Any], object]:
    """The function that converts a value of `field` for the driver; most need none."""

    def convert(value: object) -> object:
        return field.get_db_prep_save(value, connection)

    if isinstance(field, models.JSONField):
        return convert
    if isinstance(field, models.DateField) and not isinstance(field, models.DateTimeField):
        return lru_cache(BATCH)(convert)  # the days of one batch are few
    if connection.vendor != "sqlite":
        return _as_it_is
    # Its driver looks for an adapter of every value that is neither number nor text, None and flags included.
    if isinstance(field, models.DateTimeField):
        return _sqlite_instant
    if isinstance(field, models.DecimalField):
        return _sqlite_decimal if field.null else str
    return int if isinstance(field, models.BooleanField) and not field.null else _as_it_is


@lru_cache(BATCH)
def _sqlite_instant(value: datetime | None) -> str | None:
    """As Django writes an instant there, in a tenth of the time."""
    return None if value is None else str(value.astimezone(UTC))[:-6]


def _sqlite_decimal(value: Decimal | None) -> str | None:
    return None if value is None else str(value)


def _as_it_is(value: object) -> object:
    return value


@contextmanager
def writing() -> Iterator[None]:
    """One transaction that no other writer of facts overlaps.

    Totals are recomputed from rows that another writer could be adding: without the wait, each would
    miss the other's. A lease cannot promise that, since one that expired may still have an owner.
    """
    with transaction.atomic():
        lease = Lease.objects.select_for_update().filter(name=FACTS)
        if not len(lease):
            Lease.objects.get_or_create(name=FACTS, defaults={"expires_at": from_epoch_ms(0)})
            lease.get()
        yield
