"""The whole of cursor-usage-tracker's SQLite file: each floor takes what is its own."""

import json
from collections.abc import Iterator
from contextlib import closing
from datetime import datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

from django.core.exceptions import ValidationError
from django.db import IntegrityError

from collector.base.csv_files import FileError
from collector.base.history import annotate_history
from collector.base.plausibility import MOST_COUNT
from detection.models import DetectionSettings
from tracker.api.settings import ATTRIBUTES, flatten, is_money
from tracker.imports import activity, events, people, spend
from tracker.imports.database import ImportPart, TrackerDb, text_of
from tracker.imports.groups import take_groups
from tracker.imports.incidents import take_history
from tracker.imports.taking import Taking, Watcher, unwatched

REASON = "import of cursor-usage-tracker"
# Members and cycles first: the rest refers to them. Daily spend fills the days that the events leave.
FACTS = (
    people.take_members,
    spend.take_cycles,
    events.take_events,
    spend.take_daily_spend,
    spend.take_snapshots,
    activity.take_activity,
    activity.take_team_analytics,
    activity.take_member_analytics,
    activity.take_commits,
)


def import_tracker_db(
    path: Path, at: datetime, *, is_dry_run: bool = False, watch: Watcher = unwatched
) -> list[ImportPart]:
    """Take in a file in many short transactions: what became of it, by kind of row.

    FileError where it cannot be read. Killed half-way, the same import again takes what is left.
    """
    taking = Taking(at, is_dry_run, watch)
    with closing(TrackerDb(path)) as db:
        try:
            parts = [step(db, taking) for step in (*FACTS, take_groups, take_settings)]
            parts += take_history(db, taking)
        except IntegrityError as exc:
            raise FileError(
                "Members were merged, or rows written, by somebody else meanwhile. Import the file again: "
                "what it has brought stays, and the rest is added."
            ) from exc
    return parts


def take_settings(db: TrackerDb, taking: Taking) -> ImportPart:
    """The tracker's thresholds, where nobody has changed them here; what cannot be one is left alone."""
    part = ImportPart("detection settings")
    row = DetectionSettings.objects.first() or DetectionSettings()
    changed: dict[str, object] = {}
    for name, value in _thresholds(db, part):
        field: Any = DetectionSettings._meta.get_field(ATTRIBUTES[name])
        try:
            new = field.clean(Decimal(str(value)) / 100 if is_money(name) else value, row)
        except ValidationError as exc:
            part.reject(f"{name}: {' '.join(exc.messages)}")
            continue
        if getattr(row, field.name) == field.get_default() != new:
            changed[field.name] = new
    changed = _without_contradictions(row, changed, part)
    part.taken = len(changed)
    if changed and not taking.is_dry_run:
        for name, new in changed.items():
            setattr(row, name, new)
        annotate_history(row, reason=REASON)
        taking.transactions.run([row.save])
    return part


def _without_contradictions(
    row: DetectionSettings, changed: dict[str, object], part: ImportPart
) -> dict[str, object]:
    """`changed` without the values that the other settings, here or in the file, contradict."""
    values = {field.attname: getattr(row, field.attname) for field in row._meta.concrete_fields}
    try:
        DetectionSettings(**values | changed).clean()
    except ValidationError as exc:
        wrong = changed.keys() & exc.message_dict.keys() or changed.keys()
        for name in sorted(wrong):
            part.reject(f"{name}: {' '.join(exc.messages)}")
        fitting = {name: value for name, value in changed.items() if name not in wrong}
        return _without_contradictions(row, fitting, part)
    return changed


def _thresholds(db: TrackerDb, part: ImportPart) -> Iterator[tuple[str, float]]:
    """The tracker's thresholds by their names in the API, which are the same; others are skipped."""
    for stored in db.rows("config", "key", "value", only="WHERE key = 'detection'"):
        try:
            config = json.loads(text_of(stored["value"]) or "{}")
        except (ValueError, RecursionError):
            part.read += 1
            part.reject("not JSON")
            continue
        for name, value in flatten(config if isinstance(config, dict) else {}):
            if name in ATTRIBUTES and isinstance(value, int | float):
                part.read += 1
                if -MOST_COUNT <= value <= MOST_COUNT:
                    yield name, value
                else:
                    part.reject(f"{name}: not a plausible number")
