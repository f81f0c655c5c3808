"""Everything collected, to look at; nothing of it is edited by hand."""

from django.contrib import admin
from django.http import HttpRequest
from django.urls import reverse
from django.utils.html import format_html

from .base.read_only import HappenedFilter
from .member_choice import ChoosesMember
from .merge_admin import MergesMembers
from .models import (
    AiCodeCommit,
    BillingCycle,
    CursorGroup,
    CursorGroupMembership,
    DailyActivity,
    DirectoryGroup,
    Doubt,
    Member,
    MemberAnalyticsDay,
    MemberModelDay,
    MemberModelHour,
    Reconciliation,
    RejectedRow,
    SpendSnapshot,
    TeamAnalyticsDay,
    UsageEvent,
    Watermark,
)
from .runs_admin import CollectedAdmin


class NoteAdmin(CollectedAdmin):
    """What could not be read, or is implausible; settled by a later reading, never by hand."""

    list_filter = (("resolved_at", HappenedFilter), "source", "scope")
    search_fields = ("reason", "scope", "where")
    date_hierarchy = "last_seen_at"
    ordering = ("resolved_at", "-last_seen_at")


@admin.register(RejectedRow)
class RejectedRowAdmin(NoteAdmin):
    list_display = ("last_seen_at", "source", "scope", "where", "reason", "cents", "times", "resolved_at")


@admin.register(Doubt)
class DoubtAdmin(NoteAdmin):
    list_display = (
        "last_seen_at",
        "source",
        "scope",
        "kind",
        "reason",
        "announced",
        "counted",
        "rows",
        "cents",
        "resolved_at",
    )
    list_filter = (("resolved_at", HappenedFilter), "source", "kind")


@admin.register(Watermark)
class WatermarkAdmin(CollectedAdmin):
    list_display = ("source", "complete_from_at", "complete_until_at")


@admin.register(Member)
class MemberAdmin(ChoosesMember, MergesMembers, CollectedAdmin):
    list_display = ("email", "name", "kind", "role", "gone_at", "last_seen_at", "owner", "spend_limit")
    list_filter = ("kind", "is_removed", ("gone_at", HappenedFilter), "role")
    search_fields = ("email", "name", "cursor_id", "numeric_id")
    list_select_related = ("owner",)

    def has_change_permission(self, request: HttpRequest, obj: object = None) -> bool:
        """Only the owner of a service account is entered by hand; all else is collected."""
        has_owner = isinstance(obj, Member) and obj.kind != Member.Kind.PERSON
        return has_owner and request.user.has_perm("collector.change_member")

    def get_readonly_fields(self, request: HttpRequest, obj: Member | None = None) -> list[str]:
        return [field.name for field in Member._meta.fields if field.name != "owner"]

    @admin.display(description="limit")
    def spend_limit(self, member: Member) -> str:
        if member.kind != Member.Kind.PERSON:
            return "–"
        return format_html('<a href="{}">Set or lift</a>', reverse("member-limit", args=[member.email]))


@admin.register(UsageEvent)
class UsageEventAdmin(CollectedAdmin):
    list_display = (
        "occurred_at",
        "member",
        "model",
        "kind",
        "charged_cents",
        "cost_basis",
        "is_chargeable",
        "origin",
        "changed_at",
    )
    list_filter = ("occurred_at", "is_chargeable", "cost_basis", "origin", "is_headless", "is_max_mode")
    search_fields = ("member__email",)
    ordering = ("-occurred_at",)


@admin.register(MemberModelDay)
class MemberModelDayAdmin(CollectedAdmin):
    list_display = ("day", "member", "model", "surface", "requests", "runs", "total_cents", "billed_cents")
    list_filter = ("day", "surface", "is_after_turn")
    search_fields = ("member__email", "model")
    ordering = ("-day",)


@admin.register(MemberModelHour)
class MemberModelHourAdmin(CollectedAdmin):
    list_display = ("hour_at", "member", "model", "surface", "requests", "runs", "total_cents", "top_thread")
    list_filter = ("hour_at", "surface")
    search_fields = ("member__email", "model", "top_thread")
    ordering = ("-hour_at",)


@admin.register(DailyActivity)
class DailyActivityAdmin(CollectedAdmin):
    list_display = ("day", "member", "is_active", "agent_requests", "lines_added", "client_version")
    list_filter = ("day", "is_active")
    search_fields = ("member__email",)
    ordering = ("-day",)


@admin.register(BillingCycle)
class BillingCycleAdmin(CollectedAdmin):
    list_display = ("start_at", "end_at", "is_inferred")


@admin.register(SpendSnapshot)
class SpendSnapshotAdmin(CollectedAdmin):
    list_display = (
        "taken_at",
        "confirmed_at",
        "member",
        "meaning",
        "total_cents",
        "on_demand_cents",
        "included_cents",
        "limit_dollars",
    )
    list_filter = ("meaning", "taken_at")
    search_fields = ("member__email",)
    ordering = ("-taken_at",)


@admin.register(Reconciliation)
class ReconciliationAdmin(CollectedAdmin):
    """The events' sums of a cycle against the vendor's totals."""

    list_display = (
        "taken_at",
        "cycle",
        "events_total_cents",
        "events_billed_cents",
        "snapshot_total_cents",
        "snapshot_on_demand_cents",
        "difference",
    )
    fields = list_display
    list_filter = ("cycle",)


@admin.register(CursorGroup)
class CursorGroupAdmin(CollectedAdmin):
    list_display = ("name", "cursor_id", "spend_cents", "directory_group", "last_seen_at", "gone_at")
    list_select_related = ("directory_group",)
    search_fields = ("name", "cursor_id")


@admin.register(DirectoryGroup)
class DirectoryGroupAdmin(CollectedAdmin):
    list_display = ("name", "cursor_id", "monthly_limit_dollars", "last_seen_at", "gone_at")
    search_fields = ("name", "cursor_id")


@admin.register(CursorGroupMembership)
class CursorGroupMembershipAdmin(CollectedAdmin):
    list_display = ("member", "group", "joined_at", "left_at")
    list_filter = (("left_at", HappenedFilter),)
    search_fields = ("member__email", "group__name")


@admin.register(TeamAnalyticsDay)
class TeamAnalyticsDayAdmin(CollectedAdmin):
    list_display = ("day", "metric", "name", "detail", "count")
    list_filter = ("metric", "day")
    search_fields = ("name",)
    ordering = ("-day",)


@admin.register(MemberAnalyticsDay)
class MemberAnalyticsDayAdmin(CollectedAdmin):
    list_display = ("day", "member", "metric", "name", "detail", "count")
    list_filter = ("metric", "day")
    search_fields = ("member__email", "name")
    ordering = ("-day",)


@admin.register(AiCodeCommit)
class AiCodeCommitAdmin(CollectedAdmin):
    list_display = ("day", "member", "repository", "commit_hash", "lines_added", "tab_lines_added", "source")
    list_filter = ("day", "source", "is_primary_branch")
    search_fields = ("member__email", "repository", "commit_hash")
    ordering = ("-day",)
