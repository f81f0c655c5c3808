"""Changes of rows that can be taken back: each is written down as it is made."""

from collections import Counter
from collections.abc import Iterable
from typing import Any

from django.apps import apps
from django.db import models
from django.db.models import QuerySet

from collector.base.chunks import chunks

Step = dict[str, Any]
BATCH = 500  # rows named in one statement


class Journal:
    """Moves, changes and deletes rows, and keeps in `steps` (JSON) what undoing needs."""

    def __init__(self, steps: list[Step] | None = None) -> None:
        self.steps: list[Step] = steps if steps is not None else []
        self.counts: Counter[str] = Counter()

    def move(self, rows: QuerySet, to: int, field: str = "member_id") -> None:
        if pks := list(rows.order_by().values_list("pk", flat=True)):
            origin = rows.values_list(field, flat=True)[0]
            rows.update(**{field: to})
            self._write("move", rows.model, pks=pks, field=field, origin=origin, to=to)
            self.counts[_name_of(rows.model)] += len(pks)

    def change(self, rows: QuerySet, **values: object) -> None:
        """Set these columns of the rows."""
        fields = [_field(rows.model, name) for name in values]
        before = {str(row.pk): _as_text(row, fields) for row in rows}
        for pks in chunks(list(before), BATCH):
            rows.model._base_manager.filter(pk__in=pks).update(**values)
        if before:
            self._write("change", rows.model, rows=before)
        if "member_id" in values:
            self.counts[_name_of(rows.model)] += len(before)

    def delete(self, rows: QuerySet) -> None:
        """Delete these rows, which nothing else refers to."""
        texts = {row.pk: _as_text(row, row._meta.concrete_fields) for row in rows}
        for pks in chunks(list(texts), BATCH):
            rows.model._base_manager.filter(pk__in=pks).delete()
        if texts:
            self._write("delete", rows.model, rows=list(texts.values()))

    def create(self, rows: Iterable[models.Model]) -> None:
        """Store these new rows."""
        for row in rows:
            row.save(force_insert=True)
            self._write("create", type(row), pks=[row.pk])

    def expect(self, rows: QuerySet, **which: object) -> None:
        """Undoing deletes whatever `which` finds by then, before what was deleted here comes back."""
        self._write("expect", rows.model, which=which)

    def undo(self) -> None:
        """Take back every step, the last one first."""
        for step in reversed(self.steps):
            model = apps.get_model(step["table"])
            getattr(self, f"_undo_{step['do']}")(model._base_manager, step)

    def _write(self, kind: str, model: type[models.Model], **details: object) -> None:
        self.steps.append({"do": kind, "table": model._meta.label, **details})

    def _undo_move(self, rows: models.Manager, step: Step) -> None:
        field = step["field"]
        for pks in chunks(step["pks"], BATCH):
            rows.filter(pk__in=pks, **{field: step["to"]}).update(**{field: step["origin"]})

    def _undo_change(self, rows: models.Manager, step: Step) -> None:
        for pk, texts in step["rows"].items():
            rows.filter(pk=pk).update(**_as_values(rows.model, texts))

    def _undo_delete(self, rows: models.Manager, step: Step) -> None:
        rows.bulk_create([rows.model(**_as_values(rows.model, texts)) for texts in step["rows"]])

    def _undo_create(self, rows: models.Manager, step: Step) -> None:
        rows.filter(pk__in=step["pks"]).delete()

    def _undo_expect(self, rows: models.Manager, step: Step) -> None:
        rows.filter(**step["which"]).delete()


def _name_of(model: type[models.Model]) -> str:
    return str(model._meta.verbose_name_plural)


def _field(model: type[models.Model], name: str) -> models.Field:
    return next(field for field in model._meta.concrete_fields if name in (field.name, field.attname))


def _as_text(row: models.Model, fields: Iterable[models.Field]) -> dict[str, object]:
    """Columns as JSON, exact to the microsecond and the last decimal."""
    return {
        field.attname: None if getattr(row, field.attname) is None else field.value_to_string(row)
        for field in fields
    }


def _as_values(model: type[models.Model], texts: dict[str, object]) -> dict[str, object]:
    return {name: _field(model, name).to_python(text) for name, text in texts.items()}
