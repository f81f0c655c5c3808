"""What a request changed, in words for the audit log: from histories of settings, and the admin's own log."""

from collections.abc import Iterator
from typing import Any

from django.apps import apps
from django.contrib.admin.models import ADDITION, DELETION, LogEntry
from django.core.exceptions import ObjectDoesNotExist
from django.db.models import Field, Model
from django.db.models.signals import post_save
from django.dispatch import receiver
from django.http import HttpRequest
from django.utils.text import Truncator
from simple_history.models import HistoricalRecords
from simple_history.signals import post_create_historical_record
from solo.models import SingletonModel

from collector.base.readable import EMPTY, value_text

MOST_CHANGES = 8  # an import changes thousands of rows
LONGEST_VALUE = 60
NAMES = {"auth.User": "person", "groups.MemberGroup": "assignment"}
VERBS = {"added", "applied", "changed", "deleted", "revoked", "undid", "uploaded"}
UNITS = {"_hours": "h", "_minutes": "min", "_days": "days"}


def current_request() -> HttpRequest | None:
    """The request that this thread answers; None in commands and tasks."""
    return getattr(HistoricalRecords.context, "request", None)


def note_change(request: HttpRequest, words: str) -> None:
    if words:
        request.__dict__.setdefault("changes", []).append(words)


def changes_of(request: HttpRequest) -> str:
    """What was noted of this request: “changed the spend floor from $50 to $80; …”."""
    noted: list[str] = request.__dict__.get("changes", [])
    more = len(noted) - MOST_CHANGES
    return "; ".join([*noted[:MOST_CHANGES], *([f"and {more:,} more changes"] if more > 0 else [])])


@receiver(post_create_historical_record)
def note_version(sender: object, instance: Model, history_instance: object, **_: object) -> None:
    request = current_request()
    if request is not None:
        is_full = len(request.__dict__.get("changes", ())) >= MOST_CHANGES  # more are counted, not described
        note_change(request, "more" if is_full else "; ".join(version_words(instance, history_instance)))


@receiver(post_save, sender=LogEntry)
def note_log_entry(sender: object, instance: LogEntry, **_: object) -> None:
    """The admin's own note, for tables without a history and fields that a history leaves out."""
    request = current_request()
    if request is not None and not request.__dict__.get("changes"):
        note_change(request, log_entry_words(instance))


def version_words(row: Model, version: Any) -> Iterator[str]:
    """What this version of a row has that the one before had not."""
    name = row_name(row)
    if version.history_type != "~":
        if not isinstance(row, SingletonModel):
            yield f"{'added' if version.history_type == '+' else 'deleted'} {name}"
        return
    earlier = type(version).objects.filter(
        **{row._meta.pk.attname: row.pk}, history_id__lt=version.history_id
    )
    previous = earlier.order_by("-history_id").first()
    if previous is None:
        yield f"changed {name}"
        return
    many = {field.name for field in version._history_m2m_fields}
    fields = {field.name: field for field in row._meta.concrete_fields}
    for change in version.diff_against(previous, excluded_fields=many, foreign_keys_are_objs=True).changes:
        field = fields[change.field]
        what = field_name(row, field) + ("" if isinstance(row, SingletonModel) else f" of {name}")
        yield f"changed {what} from {value_words(field, change.old)} to {value_words(field, change.new)}"


def log_entry_words(entry: LogEntry) -> str:
    model = entry.content_type.model_class() if entry.content_type else None
    kind = kind_name(model) if model else "row"
    name = f"the {kind} “{Truncator(entry.object_repr).chars(LONGEST_VALUE)}”"
    if entry.action_flag in (ADDITION, DELETION):
        return f"{'added' if entry.action_flag == ADDITION else 'deleted'} {name}"
    message = entry.get_change_message().rstrip(".")
    is_change = message.startswith("Changed ")
    return f"changed {message.removeprefix('Changed ')} of {name}" if is_change else ""


def kind_name(model: type[Model]) -> str:
    return NAMES.get(model._meta.label) or str(model._meta.verbose_name)


def row_name(row: Model) -> str:
    if isinstance(row, SingletonModel):
        return f"the {kind_name(type(row))}"
    try:
        name = str(row)
    except ObjectDoesNotExist:  # deleted together with what it is named after
        return f"a {kind_name(type(row))}"
    return f"the {kind_name(type(row))} “{Truncator(name).chars(LONGEST_VALUE)}”"


def field_name(row: Model, field: Field) -> str:
    """What a form calls the field, without its unit, as it stands in a sentence: “the spend floor”."""
    label = str(field.verbose_name)
    words = label.partition(" (")[0].removesuffix(" dollars").removesuffix(" cents")
    if field.name.endswith("_at"):  # “changed the revoked of” is no English
        return f"“{words.removesuffix(' at')}”"
    return f"the {words[:1].lower()}{words[1:]}" if words[1:2].islower() else f"“{words}”"


def value_words(field: Field, value: object) -> str:
    """A value as it stands in a sentence, with its unit where the field's name has one."""
    text = str(value_text(field, value)).removesuffix(".00")
    if text == EMPTY:
        return "nothing"
    unit = next((unit for ending, unit in UNITS.items() if field.name.endswith(ending)), "")
    return Truncator(" ".join(f"{text} {unit}".split())).chars(LONGEST_VALUE)


def is_words(detail: str) -> bool:
    """Whether a detail of the audit log was written as part of a sentence."""
    return detail.split(" ", 1)[0] in VERBS


def model_of(url_name: str) -> tuple[type[Model] | None, str]:
    """The table that a page of the admin is about, and what the page does: (AccessSettings, "change")."""
    label, _, act = url_name.rpartition("_")
    app, _, name = label.partition("_")
    try:
        return apps.get_model(app, name), act
    except (LookupError, ValueError):
        return None, ""
