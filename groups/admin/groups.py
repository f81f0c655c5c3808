"""The list of groups, and what can be done with them."""

from collections.abc import Callable
from datetime import datetime
from decimal import Decimal
from typing import Any, Protocol

from django.contrib import admin, messages
from django.contrib.admin.views.main import ChangeList
from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.db.models import QuerySet
from django.forms import ModelForm
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import URLPattern, path, reverse
from django.utils import timezone
from django.utils.html import format_html
from django.utils.safestring import SafeString

from collector.base.days import utc_day
from collector.base.money import dollars
from collector.base.read_only import RecordedAdmin
from collector.base.readable import plural
from groups.assignments import changes
from groups.assignments.changes import ChangeRefused
from groups.assignments.membership import UNASSIGNED
from groups.imports import mapping
from groups.models import Group
from groups.reporting.summary import members_by_group, spend_by_group

from .filters import StateFilter
from .forms import GroupForm, IntoForm, confirmation, who


class ListedGroup(Protocol):
    """A group of the list's page, with its figures in cents and members."""

    name: str
    members_count: int
    spend_cents: Decimal


@admin.register(Group)
class GroupAdmin(RecordedAdmin):
    """Groups with members and spend. A group is never removed, only closed: past days keep it."""

    form = GroupForm
    list_display = ("name", "members_now", "spend", "origin", "closed_day")
    list_filter = (StateFilter,)
    list_select_related = ("cursor_group", "merged_into")
    readonly_fields = ("origin", "closed_day", "merged_into")
    search_fields = ("name",)
    actions = ("merge", "close", "give_name_back")

    def has_delete_permission(self, request: HttpRequest, obj: Group | None = None) -> bool:
        return False  # closing keeps the history

    def get_urls(self) -> list[URLPattern]:
        export = self.admin_site.admin_view(self.export)
        return [path("export/", export, name="groups_group_export"), *super().get_urls()]

    def get_changelist_instance(self, request: HttpRequest) -> ChangeList:
        """The page's groups with their members and spend, which are counted once for all of them."""
        changelist = super().get_changelist_instance(request)
        now = timezone.now()
        members, spend = members_by_group(now), spend_by_group(now)
        groups = list(changelist.result_list)
        for group in groups:
            group.members_count, group.spend_cents = len(members[group.pk]), spend[group.pk]
        changelist.result_list = groups
        changelist.unassigned = {"members": len(members[UNASSIGNED]), "spend": dollars(spend[UNASSIGNED])}
        return changelist

    def changelist_view(
        self, request: HttpRequest, extra_context: dict[str, object] | None = None
    ) -> HttpResponse:
        return super().changelist_view(request, {**(extra_context or {}), "title": "Billing groups"})

    def changeform_view(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        """The form again where somebody else has taken the name since it was checked."""
        try:
            return super().changeform_view(request, *args, **kwargs)
        except ChangeRefused as exc:
            self.message_user(request, str(exc), messages.ERROR)
            return redirect(request.get_full_path())

    @admin.display(description="members")
    def members_now(self, group: ListedGroup) -> SafeString:
        url = reverse("admin:groups_memberplace_changelist", query={"group": group.name})
        return format_html('<a href="{}">{}</a>', url, group.members_count)

    @admin.display(description="spend this cycle")
    def spend(self, group: ListedGroup) -> str:
        return dollars(group.spend_cents)

    @admin.display(description="in Cursor")
    def origin(self, group: Group) -> str:
        theirs = group.cursor_group
        if theirs is None:
            return "made here"
        gone = ", deleted there" if theirs.gone_at else ""
        return f"{theirs.name} (renamed here){gone}" if group.is_name_local else f"{theirs.name}{gone}"

    def save_model(self, request: HttpRequest, obj: Group, form: ModelForm, change: bool) -> None:
        if change:
            changes.rename(obj, form.cleaned_data["name"], now=timezone.now())
        else:
            obj.pk = changes.create(form.cleaned_data["name"], now=timezone.now()).pk

    @admin.action(description="Merge into another group…", permissions=["change"])
    def merge(self, request: HttpRequest, queryset: QuerySet[Group]) -> HttpResponse | None:
        groups = list(queryset)
        data = request.POST if "confirmed" in request.POST else None
        form = IntoForm(data)
        if not form.is_valid():
            return self._ask(request, groups, "merge", "Merge groups", form)
        into = form.cleaned_data["group"]
        self._do(
            request,
            [group for group in groups if group != into] or groups,
            f"merged into {into}",
            lambda group, now: changes.merge(group, into, by=who(request), now=now),
        )
        return None

    @admin.action(description="Delete (members become Unassigned)…", permissions=["change"])
    def close(self, request: HttpRequest, queryset: QuerySet[Group]) -> HttpResponse | None:
        groups = list(queryset)
        if "confirmed" not in request.POST:
            return self._ask(request, groups, "close", "Delete groups", None)
        self._do(
            request, groups, "deleted", lambda group, now: changes.delete(group, by=who(request), now=now)
        )
        return None

    @admin.action(description="Use the name from Cursor", permissions=["change"])
    def give_name_back(self, request: HttpRequest, queryset: QuerySet[Group]) -> None:
        self._do(
            request,
            list(queryset),
            "called as in Cursor from now on",
            lambda group, now: changes.give_back_name(group, now=now),
        )

    def export(self, request: HttpRequest) -> HttpResponse:
        if not self.has_view_permission(request):
            raise PermissionDenied
        today = utc_day(timezone.now())
        response = HttpResponse(content_type="text/csv; charset=utf-8")
        response["Content-Disposition"] = f'attachment; filename="groups-{today}.csv"'
        mapping.write_mapping(response, today)
        return response

    def _ask(
        self, request: HttpRequest, groups: list[Group], action: str, title: str, form: IntoForm | None
    ) -> HttpResponse:
        """A page that says what would happen, and asks what it needs to know."""
        members = members_by_group(timezone.now())
        rows = [(group.pk, group.name, plural(len(members[group.pk]), "member")) for group in groups]
        return confirmation(self, request, action, title, rows, form)

    def _do(
        self,
        request: HttpRequest,
        groups: list[Group],
        outcome: str,
        change: Callable[[Group, datetime], object],
    ) -> None:
        """Change all of the groups, or none if one refuses; `outcome` says what they are afterwards."""
        now, names = timezone.now(), ", ".join(group.name for group in groups)
        try:
            with transaction.atomic():
                Group.objects.locked().in_bulk()  # by number: no two such changes block each other
                for group in groups:
                    change(group, now)
        except ChangeRefused as exc:
            self.message_user(request, f"{exc} Nothing was changed.", messages.ERROR)
        else:
            self.message_user(request, f"{names}: {outcome}.", messages.SUCCESS)
