"""Who is in which group, moving them, and what was changed by whom."""

from datetime import date
from typing import Any

from django.contrib import admin, messages
from django.db.models import OuterRef, QuerySet, Subquery
from django.http import HttpRequest, HttpResponse
from django.utils import timezone

from collector.base.days import utc_day
from collector.base.read_only import CarefulList, ReadOnly
from collector.base.readable import plural
from groups.assignments import changes
from groups.assignments.changes import ChangeRefused
from groups.models import Assignment, MemberPlace
from groups.names import UNASSIGNED_NAME

from .filters import GroupFilter, SourceFilter
from .forms import MoveForm, confirmation, who

AssignmentHistory = Assignment.history.model


class AssignmentInline(ReadOnly, admin.TabularInline):
    """A member's stays, newest first."""

    template = "admin/parts/inline_rows.html"
    model = Assignment
    fields = readonly_fields = ("from_day", "group", "source", "changed_by", "changed_at")
    ordering = ("-from_day",)


@admin.register(MemberPlace)
class MemberPlaceAdmin(CarefulList, admin.ModelAdmin):
    """All members with today's group: searched, filtered, moved."""

    list_display = ("email", "name", "group", "since", "placed_by", "gone_at")
    list_filter = (GroupFilter, SourceFilter, "kind")
    list_per_page = 200
    search_fields = ("email", "name")
    fields = readonly_fields = ("email", "name", "kind", "gone_at")
    inlines = (AssignmentInline,)
    actions = ("move", "give_back")

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: object = None) -> bool:
        return False

    def get_queryset(self, request: HttpRequest) -> QuerySet[MemberPlace]:
        today = utc_day(timezone.now())
        assignments = Assignment.objects.filter(member=OuterRef("pk"), from_day__lte=today).order_by(
            "-from_day"
        )
        return (
            super()
            .get_queryset(request)
            .annotate(
                held_name=Subquery(assignments.values("group__name")[:1]),
                held_since=Subquery(assignments.values("from_day")[:1]),
                held_source=Subquery(assignments.values("source")[:1]),
                held_by=Subquery(assignments.values("changed_by")[:1]),
            )
        )

    def changelist_view(
        self, request: HttpRequest, extra_context: dict[str, object] | None = None
    ) -> HttpResponse:
        return super().changelist_view(request, {**(extra_context or {}), "title": "Members by group"})

    @admin.display(ordering="held_name")
    def group(self, member: MemberPlace) -> str:
        return member.held_name or UNASSIGNED_NAME

    @admin.display(ordering="held_since")
    def since(self, member: MemberPlace) -> date | None:
        return member.held_since

    @admin.display(ordering="held_source")
    def placed_by(self, member: MemberPlace) -> str:
        if not member.held_source or member.held_source == Assignment.SetBy.CURSOR:
            return Assignment.SetBy.CURSOR.label if member.held_source else ""
        return f"{Assignment.SetBy(member.held_source).label}: {member.held_by}"

    @admin.action(description="Move to a group…", permissions=["change"])
    def move(self, request: HttpRequest, queryset: QuerySet[MemberPlace]) -> HttpResponse | None:
        now = timezone.now()
        data = request.POST if "confirmed" in request.POST else None
        form = MoveForm(data, initial={"from_day": utc_day(now)})
        members = list(queryset)
        if not form.is_valid():
            return self._ask(request, members, form)
        group, from_day = form.cleaned_data["group"], form.cleaned_data["from_day"]
        try:
            moved = changes.move({m.pk for m in members}, group, from_day, by=who(request), now=now)
        except ChangeRefused as exc:
            form.add_error(None, str(exc))
            return self._ask(request, members, form)
        self.message_user(
            request, f"{moved} moved to {group or UNASSIGNED_NAME} from {from_day} on.", messages.SUCCESS
        )
        return None

    @admin.action(description="Give back to Cursor", permissions=["change"])
    def give_back(self, request: HttpRequest, queryset: QuerySet[MemberPlace]) -> None:
        pks = set(queryset.values_list("pk", flat=True))
        changes.give_back(pks, by=who(request), now=timezone.now())
        self.message_user(request, f"Given back to Cursor: {plural(len(pks), 'member')}.", messages.SUCCESS)

    def _ask(self, request: HttpRequest, members: list[MemberPlace], form: MoveForm) -> HttpResponse:
        rows = [(member.pk, str(member), self.group(member)) for member in members]
        return confirmation(self, request, "move", "Move members", rows, form)


@admin.register(AssignmentHistory)
class AssignmentHistoryAdmin(ReadOnly, admin.ModelAdmin):
    """Every change of every assignment: who, when, to what."""

    list_display = ("history_date", "what", "member", "group", "from_day", "source", "changed_by")
    list_filter = ("source", "history_type", "history_date")
    list_select_related = ("member", "group")
    search_fields = ("member__email", "member__name", "changed_by")
    date_hierarchy = "history_date"
    ordering = ("-history_date", "-history_id")

    @admin.display(description="change", ordering="history_type")
    def what(self, entry: Any) -> str:
        return entry.get_history_type_display()
