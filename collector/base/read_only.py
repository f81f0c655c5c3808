"""Rows that the admin shows but nobody can edit there."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from django import forms
from django.contrib.admin import EmptyFieldListFilter
from django.contrib.admin.helpers import ACTION_CHECKBOX_NAME
from django.contrib.admin.options import IncorrectLookupParameters
from django.contrib.admin.views.main import SEARCH_VAR, ChangeList, ChangeListSearchForm
from django.core.exceptions import PermissionDenied, ValidationError
from django.db import DataError
from django.db.models import DateTimeField, Field, Model, QuerySet
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.utils.text import capfirst
from simple_history.admin import SimpleHistoryAdmin
from simple_history.models import HistoricalChanges
from solo.admin import SingletonModelAdmin

from .plausibility import is_number
from .readable import EMPTY, ReadableChanges, ReadableFigures, value_text

SAFE_METHODS = ("GET", "HEAD")


class ShortSearch(ChangeListSearchForm):
    """At most as long as an address: a search for a thousand words is a query that SQLite refuses."""

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        self.fields[SEARCH_VAR] = forms.CharField(required=False, strip=False, max_length=254)


class CarefulChangeList(ChangeList):
    """A list that drops the filters of an address that no row can match, such as a NUL or a year that no
    calendar has, and a search that is too long."""

    search_form_class = ShortSearch

    def get_queryset(
        self, request: HttpRequest, exclude_parameters: list[str | None] | None = None
    ) -> QuerySet:
        with lookups_checked():
            return super().get_queryset(request, exclude_parameters)

    def get_results(self, request: HttpRequest) -> None:
        with lookups_checked():
            super().get_results(request)


@contextmanager
def lookups_checked() -> Iterator[None]:
    try:
        yield
    except (ValueError, OverflowError, DataError) as problem:
        raise IncorrectLookupParameters(problem) from problem


class HappenedFilter(EmptyFieldListFilter):
    """Whether something has happened, of a column that holds when: “Revoked: No, Yes”."""

    def __init__(self, field: Field, *args: Any, **options: Any) -> None:
        super().__init__(field, *args, **options)
        self.title = str(field.verbose_name).removesuffix(" at")

    def choices(self, changelist: ChangeList) -> Iterator[Any]:
        for choice, words in zip(super().choices(changelist), ("All", "No", "Yes"), strict=True):
            yield {**choice, "display": words}


class CarefulList(ReadableFigures):
    """Put before an admin: its list and actions survive addresses and forms that make no sense, and figures
    are shown as people read them. `when_deleted` says on the page that asks what ends with a row."""

    when_deleted = ""

    def delete_view(
        self, request: HttpRequest, object_id: str, extra_context: dict[str, object] | None = None
    ) -> HttpResponse:
        admin: Any = super()
        shown = {"when_deleted": self.when_deleted, **(extra_context or {})}
        answer: HttpResponse = admin.delete_view(request, object_id, shown)
        return answer

    def get_changelist(self, request: HttpRequest, **options: object) -> type[ChangeList]:
        return CarefulChangeList

    def lookup_allowed(self, lookup: str, value: str, request: HttpRequest) -> bool:
        """No regular expressions: Python, which SQLite asks too, may try some of them for ever."""
        return not lookup.endswith("regex") and super().lookup_allowed(lookup, value, request)

    def get_object(self, request: HttpRequest, object_id: str, from_field: str | None = None) -> Any:
        """The row; Django takes an empty `_to_field` for the name of a field."""
        admin: Any = super()
        return admin.get_object(request, object_id, from_field or None)

    def get_changeform_initial_data(self, request: HttpRequest) -> dict[str, Any]:
        """Without date-times: their two inputs cannot be filled from the address."""
        admin: Any = super()
        filled_in = admin.get_changeform_initial_data(request)
        instants = {field.name for field in self.opts.fields if isinstance(field, DateTimeField)}
        return {name: value for name, value in filled_in.items() if name not in instants}

    def response_action(
        self, request: HttpRequest, queryset: QuerySet, *args: Any, **options: Any
    ) -> HttpResponse | None:
        if not all(map(is_number, request.POST.getlist(ACTION_CHECKBOX_NAME))):
            raise Http404("One of the rows does not exist, so nothing was changed.")
        admin: Any = super()
        answer: HttpResponse | None = admin.response_action(request, queryset, *args, **options)
        return answer


class ReadOnly(CarefulList):
    """Put before an admin or inline whose rows only code writes."""

    def has_add_permission(self, request: HttpRequest, obj: object = None) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: object = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: object = None) -> bool:
        return False


class RecordedAdmin(CarefulList, SimpleHistoryAdmin):
    """An admin that shows its rows' history. An old version cannot be saved again: that would bypass the
    rules about what may follow what."""

    def get_historical_record_context_helper(
        self, request: HttpRequest, historical_record: HistoricalChanges
    ) -> ReadableChanges:
        return ReadableChanges(self.model, historical_record)

    def history_view(
        self, request: HttpRequest, object_id: str, extra_context: object = None
    ) -> HttpResponse:
        try:
            return super().history_view(request, object_id, extra_context)
        except (ValueError, ValidationError) as problem:
            raise Http404("There is no such row.") from problem

    def history_form_view(
        self, request: HttpRequest, object_id: str, version_id: str, extra_context: object = None
    ) -> HttpResponse:
        if request.method not in SAFE_METHODS:
            raise PermissionDenied("Old versions are read-only. Change the row itself instead.")
        try:
            return super().history_form_view(request, object_id, version_id, extra_context)
        except (ValueError, ValidationError) as problem:
            raise Http404("There is no such version.") from problem


class SettingsAdmin(RecordedAdmin, SingletonModelAdmin):
    """The one row of a table of settings; saved, it leads back to the front page."""

    def formfield_for_dbfield(
        self, db_field: Field, request: HttpRequest, **options: Any
    ) -> forms.Field | None:
        """With its default below, and with what it held when the page was opened."""
        field = super().formfield_for_dbfield(db_field, request, **options)
        if field:
            field.show_hidden_initial = True
            default = str(value_text(db_field, db_field.get_default())).removesuffix(".00")
            if default != EMPTY:
                field.help_text = f"{field.help_text} Default: {default}.".lstrip()
        return field

    def save_model(self, request: HttpRequest, obj: Model, form: forms.ModelForm, change: bool) -> None:
        """Save what was changed on this page, and keep what somebody else has changed meanwhile."""
        opened_with = {name for name in form.fields if form.add_initial_prefix(name) in request.POST}
        obj.refresh_from_db(fields=opened_with - set(form.changed_data))
        super().save_model(request, obj, form, change)

    def response_change(self, request: HttpRequest, obj: Model) -> HttpResponseRedirect:
        self.message_user(request, f"{capfirst(str(obj))}: your changes are saved.")
        return HttpResponseRedirect(request.path if "_continue" in request.POST else reverse("admin:index"))
