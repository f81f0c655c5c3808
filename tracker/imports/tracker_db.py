"""The whole of cursor-usage-tracker's SQLite file: each floor takes what is its own."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

from django.core.exceptions import ValidationError
from django.db import transaction

from collector.base.csv_files import FileError
from collector.base.upsert import writing
from detection.models import DetectionSettings
from tracker.api.settings import ATTRIBUTES, flatten, is_money
from tracker.imports.database import ImportPart, TrackerDb
from tracker.imports.facts import take_facts
from tracker.imports.groups import take_groups
from tracker.imports.incidents import take_history

REASON = "import of cursor-usage-tracker"


@dataclass(frozen=True)
class TrackerImport:
    """What became of the file, kind by kind."""

    parts: list[ImportPart]

    @property
    def lines(self) -> Iterator[str]:
        return (part.line for part in self.parts if part.read)


def import_tracker_db(path: Path, at: datetime, *, is_dry_run: bool = False) -> TrackerImport:
    """Take in a file in one transaction; FileError, with nothing changed, where it cannot be read."""
    db = TrackerDb(path)
    try:
        with writing():
            parts = [*take_facts(db, at), take_groups(db, at), take_settings(db), *take_history(db, at)]
            if is_dry_run:
                transaction.set_rollback(True)
    finally:
        db.close()
    return TrackerImport(parts)


def take_settings(db: TrackerDb) -> ImportPart:
    """The tracker's thresholds, where nobody has changed them here; FileError if one makes no sense."""
    part = ImportPart("detection settings")
    row = DetectionSettings.get_solo()
    changed = []
    for name, value in _thresholds(db):
        part.read += 1
        field: Any = DetectionSettings._meta.get_field(ATTRIBUTES[name])
        new = field.to_python(Decimal(str(value)) / 100 if is_money(name) else value)
        if getattr(row, field.name) != field.get_default() or new == field.get_default():
            part.known += 1
        else:
            setattr(row, field.name, new)
            changed.append(field.name)
    if changed:
        _save(row)
    part.taken = len(changed)
    return part


def _thresholds(db: TrackerDb) -> Iterator[tuple[str, Any]]:
    """The tracker's thresholds by their names in the API, which are the same; others are left out."""
    for stored in db.rows("config", "key", "value", only="WHERE key = 'detection'"):
        try:
            config = json.loads(stored["value"] or "{}")
        except ValueError as exc:
            raise FileError(
                f"The tracker's thresholds are not JSON ({exc}): save them there once more."
            ) from exc
        for name, value in flatten(config if isinstance(config, dict) else {}):
            if name in ATTRIBUTES and isinstance(value, int | float):
                yield name, value


def _save(row: DetectionSettings) -> None:
    try:
        row.full_clean()
    except ValidationError as exc:
        problems = "; ".join(f"{field}: {' '.join(said)}" for field, said in exc.message_dict.items())
        raise FileError(f"The tracker's thresholds cannot be used here. {problems}") from exc
    row._change_reason = REASON  # type: ignore[attr-defined]  # simple-history's way to say why
    row.save()
