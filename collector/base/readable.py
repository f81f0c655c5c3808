"""Figures in the admin as people read them: dollars for cents, no idle zeros, JSON in lines."""

import dataclasses
import json
import re
from collections.abc import Callable
from datetime import date, datetime
from decimal import Decimal, DecimalException
from typing import Any

from django import forms
from django.contrib import admin
from django.contrib.admin.options import BaseModelAdmin
from django.core.exceptions import FieldDoesNotExist, ValidationError
from django.db import models
from django.http import HttpRequest
from django.utils.formats import localize
from django.utils.html import format_html
from django.utils.text import capfirst
from django.utils.timezone import localtime
from simple_history.models import ModelChange, ModelChangeValue
from simple_history.template_utils import HistoricalRecordContextHelper

from .money import dollars

EMPTY = "–"
Show = Callable[[Any], str]
# At most two decimals are entered anywhere, so a comma before three digits is one of thousands.
DECIMAL_COMMA = re.compile(r"(-?(?:\d{1,3}(?:\.\d{3})+|\d+)),(\d{1,2})")
THOUSANDS = re.compile(r"-?\d{1,3}(?:,\d{3})+(?:\.\d+)?")


def label_of(field: models.Field) -> str:
    """The field's name without its unit, which the value shows."""
    return str(field.verbose_name).removesuffix(" cents").removesuffix(" dollars")


def name_plainly(model: type[models.Model]) -> None:
    """Label fields that have no label of their own as a person would: “created”, not “created at”."""
    for field in model._meta.local_concrete_fields:
        if vars(field)["_verbose_name"] is None:
            words = str(field.verbose_name).removeprefix("is ").removesuffix(" at")
            field.verbose_name = "time" if words == "at" else words


def is_cents(field: models.Field) -> bool:
    return isinstance(field, models.DecimalField) and field.name.split("_")[-1] == "cents"


def shows(field: models.Field) -> Show | None:
    """How a value of the field is written; None where Django writes it well."""
    if is_cents(field):
        return cents_text
    if isinstance(field, models.DecimalField) and field.name.endswith("_dollars"):
        return lambda value: dollars(value * 100)
    if isinstance(field, models.DecimalField | models.FloatField):
        return number_text
    return json_lines if isinstance(field, models.JSONField) else None


def cents_text(value: Decimal) -> str:
    """`$1,234.56`; what would round to nothing is not shown as nothing."""
    return "under $0.01" if 0 < value < Decimal("0.5") else dollars(value)


def number_text(value: Decimal | float) -> str:
    """`1,234.5`: at most two decimals, and no idle zeros."""
    return f"{value:,.2f}".rstrip("0").rstrip(".")


def json_lines(value: object) -> str:
    """JSON as it is stored, a line for each part."""
    return format_html("<pre>{}</pre>", json.dumps(value, indent=1, ensure_ascii=False, default=str))


def column(model: type[models.Model], name: Any) -> Any:
    """The column of this name: a readable one for a field that Django shows badly, else `name` itself."""
    try:
        field = model._meta.get_field(name) if isinstance(name, str) else None
    except FieldDoesNotExist:
        return name
    show = shows(field) if isinstance(field, models.Field) else None
    return figure_column(field, show) if isinstance(field, models.Field) and show else name


def figure_column(field: models.Field, show: Show) -> Callable[[models.Model], str]:
    """A column that shows the field's values by `show`, and sorts by them."""

    @admin.display(description=label_of(field), ordering=field.name)
    def figure(row: models.Model) -> str:
        value = getattr(row, field.name)
        return EMPTY if value in field.empty_values else show(value)

    figure.__name__ = field.name  # by which Django finds the help text
    return figure


def value_text(field: models.Field, value: object) -> object:
    """A value of the field in a sentence or a table's cell."""
    if field.choices:
        value = dict(field.flatchoices).get(value, value)
    if value in field.empty_values:
        return EMPTY
    if isinstance(value, bool):
        return "on" if value else "off"
    if isinstance(value, datetime):
        return localize(localtime(value))
    if isinstance(value, date):
        return localize(value)
    show = shows(field)
    return show(value) if show else value


def plural(count: int, one: str) -> str:
    """`1 member`, `2,000 members`."""
    return f"{count:,} {one}" if count == 1 else f"{count:,} {one}s"


def plain_number(text: str) -> str:
    """`1250.50` for `$1,250.50`, `1.250,50` and `1 250,50`; other text without its blanks."""
    bare = re.sub(r"[\s$'’]", "", text)
    if match := DECIMAL_COMMA.fullmatch(bare):
        return f"{match[1].replace('.', '')}.{match[2]}"
    return bare.replace(",", "") if THOUSANDS.fullmatch(bare) else bare


class Entered(forms.Field):
    """Before a field of numbers: one as people type it, not as a browser's own field would change it."""

    def to_python(self, value: object) -> Any:
        return super().to_python(plain_number(value) if isinstance(value, str) else value)


class EnteredDecimal(Entered, forms.DecimalField):
    """A browser's own number field drops the comma of 12,5 without a word."""

    widget = forms.TextInput(attrs={"inputmode": "decimal", "autocomplete": "off"})
    default_error_messages = {"invalid": "Enter a number, such as 50 or 12.50."}


class EnteredInteger(Entered, forms.IntegerField):
    """2,5 is not a whole number, and would be 25."""

    widget = forms.TextInput(attrs={"inputmode": "numeric", "autocomplete": "off"})


class DollarsField(EnteredDecimal):
    """Entered and shown in dollars, stored in cents."""

    def prepare_value(self, value: object) -> object:
        return f"{value / 100:.2f}" if isinstance(value, Decimal) else value

    def to_python(self, value: object) -> Any:
        entered = super().to_python(value)
        try:
            return None if entered is None else entered * 100
        except DecimalException:  # 1E+999999, sNaN
            raise ValidationError(self.error_messages["invalid"], code="invalid") from None


class ReadableFigures(BaseModelAdmin):
    """Before an admin: its lists and read-only forms show figures as people read them."""

    model: Any
    list_display: Any
    list_editable: Any

    def get_list_display(self, request: HttpRequest) -> Any:
        return [
            name if name in self.list_editable else column(self.model, name) for name in self.list_display
        ]

    def get_fieldsets(self, request: HttpRequest, obj: Any = None) -> Any:
        """Read-only figures are shown as people read them; editable ones keep their field."""
        fieldsets = super().get_fieldsets(request, obj)
        if not isinstance(obj, self.model) or self.has_change_permission(request, obj):
            return fieldsets
        return [
            (title, {**options, "fields": [column(self.model, name) for name in options["fields"]]})
            for title, options in fieldsets
        ]

    def formfield_for_dbfield(
        self, db_field: models.Field, request: HttpRequest, **options: Any
    ) -> forms.Field | None:
        if isinstance(db_field, models.DecimalField):
            options.setdefault("form_class", EnteredDecimal)
        elif isinstance(db_field, models.IntegerField) and not db_field.choices:
            options = {"form_class": EnteredInteger, "widget": EnteredInteger.widget} | options
        if not is_cents(db_field):
            return super().formfield_for_dbfield(db_field, request, **options)
        return DollarsField(
            label=f"{capfirst(label_of(db_field))} ($)",
            help_text=options.get("help_text", db_field.help_text),
            required=not db_field.blank,
            min_value=Decimal(0),
            decimal_places=2,
        )


class ReadableChanges(HistoricalRecordContextHelper):
    """What a history says of a change, in words."""

    def format_delta_change(self, change: ModelChange) -> ModelChange:
        shown = super().format_delta_change(change)
        return dataclasses.replace(shown, field=capfirst(label_of(self.model._meta.get_field(change.field))))

    def prepare_delta_change_value(self, change: ModelChange, value: ModelChangeValue) -> object:
        prepared = super().prepare_delta_change_value(change, value)
        return value_text(self.model._meta.get_field(change.field), prepared)
