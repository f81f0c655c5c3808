"""Writing what was read: compare with what is stored, and touch only what is new or moved."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from django.db import models, transaction

from .days import from_epoch_ms
from .models import Lease

Key = tuple[Any, ...]
Values = tuple[Any, ...]

# Rows per statement; Django cuts it further where the database takes fewer parameters.
BATCH = 2000


@dataclass(frozen=True)
class Upserted:
    """Keys of the rows that were new, and of those that moved."""

    new: list[Key] = field(default_factory=list)
    changed: list[Key] = field(default_factory=list)

    @property
    def touched(self) -> list[Key]:
        return self.new + self.changed


@dataclass(frozen=True)
class Table:
    """How rows of one table are recognised (`key`), compared (`values`) and stamped."""

    model: type[models.Model]
    key: tuple[str, ...]
    values: tuple[str, ...]
    stamp: tuple[str, ...] = ("updated_at",)  # set whenever a row is written
    first_stamp: tuple[str, ...] = ()  # set when it is made, kept afterwards

    def upsert(
        self, rows: Mapping[Key, Values], stored: models.QuerySet, at: datetime, *, create: bool = True
    ) -> Upserted:
        """Bring the table to `rows`; `stored` are all rows that may be meant. Others stay as they are."""
        known = self._known(stored)
        changed = [key for key, values in rows.items() if key in known and known[key] != values]
        new = [key for key in rows if key not in known] if create else []
        instances = [self._instance(key, rows[key], at) for key in (*new, *changed)]
        self.model._default_manager.bulk_create(
            instances,
            batch_size=BATCH,
            update_conflicts=True,
            unique_fields=self.key,
            update_fields=(*self.values, *self.stamp),
        )
        return Upserted(new, changed)

    def _known(self, stored: models.QuerySet) -> dict[Key, Values]:
        width = len(self.key)
        rows = stored.order_by().values_list(*self.key, *self.values)
        return {row[:width]: row[width:] for row in rows.iterator(chunk_size=BATCH)}

    def _instance(self, key: Key, values: Values, at: datetime) -> models.Model:
        stamps = dict.fromkeys((*self.stamp, *self.first_stamp), at)
        return self.model(
            **dict(zip(self.key, key, strict=True)), **dict(zip(self.values, values, strict=True)), **stamps
        )


@contextmanager
def writing() -> Iterator[None]:
    """One transaction that no other writer of facts overlaps.

    Totals are recomputed from rows that another writer could be adding: without the wait, each would
    miss the other's. A lease cannot promise that, since one that expired may still have an owner.
    """
    with transaction.atomic():
        Lease.objects.get_or_create(name="facts", defaults={"expires_at": from_epoch_ms(0)})
        Lease.objects.select_for_update().get(name="facts")
        yield
