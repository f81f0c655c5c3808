"""Filters of the lists."""

from collections.abc import Iterator
from typing import Any

from django.contrib.admin import SimpleListFilter
from django.contrib.admin.views.main import ChangeList
from django.db.models import Model, QuerySet
from django.http import HttpRequest
from django.utils import timezone

from collector.base.days import utc_day
from groups import tree
from groups.assignments.membership import members_of
from groups.models import Assignment


class StateFilter(SimpleListFilter):
    """Open groups unless asked for others."""

    title = "state"
    parameter_name = "state"

    def lookups(self, request: HttpRequest, model_admin: object) -> list[tuple[str, str]]:
        return [("closed", "deleted"), ("all", "open and deleted")]

    def choices(self, changelist: ChangeList) -> Iterator[Any]:
        for number, choice in enumerate(super().choices(changelist)):
            yield {**choice, "display": "open"} if number == 0 else choice

    def queryset(self, request: HttpRequest, queryset: QuerySet[Model]) -> QuerySet[Model]:
        if self.value() == "all":
            return queryset
        return queryset.filter(closed_day__isnull=self.value() != "closed")


class GroupFilter(SimpleListFilter):
    """Members who are in a group, or below a parent, today."""

    title = "group"
    parameter_name = "group"

    def lookups(self, request: HttpRequest, model_admin: object) -> list[tuple[str, str]]:
        return [(option.path, "— " * option.depth + option.label) for option in tree.options()]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Model]) -> QuerySet[Model]:
        path = self.value()
        if not path:
            return queryset
        group_ids = tree.option_for(path, tree.options()).group_ids
        return queryset.filter(pk__in=members_of(group_ids, utc_day(timezone.now())))


class SourceFilter(SimpleListFilter):
    """Members by what put them where they are."""

    title = "placed by"
    parameter_name = "source"

    def lookups(self, request: HttpRequest, model_admin: object) -> list[tuple[str, str]]:
        return list(Assignment.SetBy.choices)

    def queryset(self, request: HttpRequest, queryset: QuerySet[Model]) -> QuerySet[Model]:
        return queryset.filter(held_source=self.value()) if self.value() else queryset
