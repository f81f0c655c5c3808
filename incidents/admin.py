"""The policy is edited here; incidents and what was sent are read-only."""

from django.contrib import admin
from django.http import HttpRequest
from django.urls import reverse
from django.utils import timezone
from django.utils.html import format_html
from django.utils.safestring import SafeString

from collector.base.read_only import ReadOnly, SettingsAdmin
from incidents.channels import channel_admin  # noqa: F401  (registers its own)
from incidents.models import (
    GuardSettings,
    Incident,
    IncidentAnomaly,
    IncidentSettings,
    LimitChange,
    LimitRequest,
    Notification,
    TimelineEntry,
)
from incidents.models.notifications import NotificationQuerySet


@admin.register(LimitChange)
class LimitChangeAdmin(ReadOnly, admin.ModelAdmin):
    """Every change of a limit. The member's limit page is where an administrator makes one."""

    list_display = (
        "requested_at",
        "member",
        "kind",
        "to_words",
        "until_at",
        "status",
        "actor_name",
        "limit_page",
    )
    list_filter = ("status", "kind", "requested_at")
    list_select_related = ("member",)
    search_fields = ("member__email", "member__name", "reason", "actor_name")
    date_hierarchy = "requested_at"

    @admin.display(description="spend limit")
    def limit_page(self, change: LimitChange) -> SafeString:
        return format_html('<a href="{}">Change it</a>', reverse("member-limit", args=[change.member.email]))


@admin.register(LimitRequest)
class LimitRequestAdmin(ReadOnly, admin.ModelAdmin):
    list_display = ("asked_at", "member", "dollars", "until_at", "status", "decided_by", "expires_at")
    list_filter = ("status",)
    list_select_related = ("member",)
    search_fields = ("member__email", "member__name", "reason")


@admin.register(GuardSettings)
class GuardSettingsAdmin(SettingsAdmin):
    """Off, a dry run, or on."""

    when_saved = "Changes take effect at the next hourly run."
    fields = ("mode", "minutes", "extra_dollars")


@admin.register(IncidentSettings)
class IncidentSettingsAdmin(SettingsAdmin):
    when_saved = "Changes take effect at the next hourly run, for open incidents too."
    fieldsets = (
        (
            "How incidents open and close",
            {
                "fields": (
                    "quiet_runs",
                    "keep_open_until_reviewed",
                    "reopen_window_hours",
                    "acknowledgement_hours",
                )
            },
        ),
        (
            "Ask the member first",
            {
                "fields": (
                    "asks_member_first",
                    "channels_wait_warning_minutes",
                    "channels_wait_critical_minutes",
                )
            },
        ),
        (
            "Notifications",
            {
                "fields": (
                    "summary_above",
                    "email_mode",
                    "email_digest_hour",
                    "give_up_after",
                    "vendor_lag_hours",
                )
            },
        ),
        ("Digests", {"fields": ("plan_digest", "cycle_digest", "weekly_digest", "digest_hour")}),
    )


@admin.register(Notification)
class NotificationAdmin(ReadOnly, admin.ModelAdmin):
    """What was to be said, to whom, whether it got through, and if not, why and what to do."""

    list_display = ("created_at", "channel", "kind", "about", "status", "tries", "sent_at", "error")
    list_filter = ("status", "kind", "channel", "created_at")
    list_select_related = ("channel", "incident__member", "entry")
    date_hierarchy = "created_at"
    actions = ("try_again",)

    @admin.display(description="about")
    def about(self, notification: Notification) -> str:
        if notification.incident is None:
            return str((notification.digest or {}).get("title", ""))
        url = notification.incident.get_absolute_url()
        return format_html('<a href="{}">{}</a>', url, notification.incident)

    def has_retry_permission(self, request: HttpRequest) -> bool:
        return request.user.has_perm("incidents.change_notification")

    @admin.action(description="Try again (given up or waiting)", permissions=["retry"])
    def try_again(self, request: HttpRequest, rows: NotificationQuerySet) -> None:
        stuck = rows.filter(status__in=[Notification.Status.GIVEN_UP, Notification.Status.WAITING])
        waiting = stuck.send_again(timezone.now())
        self.message_user(request, f"{waiting} notifications will be sent in the next delivery.")


class TimelineInline(ReadOnly, admin.TabularInline):
    template = "admin/parts/inline_rows.html"
    model = TimelineEntry
    fields = ("at", "step", "actor_name", "origin", "text")
    readonly_fields = fields


class AnomalyInline(ReadOnly, admin.TabularInline):
    template = "admin/parts/inline_rows.html"
    model = IncidentAnomaly
    fields = ("anomaly", "joined_at")
    readonly_fields = fields


@admin.register(Incident)
class IncidentAdmin(ReadOnly, admin.ModelAdmin):
    """Read only: the page of the incident is where people act, so that the timeline knows."""

    list_display = (
        "__str__",
        "status",
        "severity",
        "detected_at",
        "acknowledged_by",
        "resolved_at",
    )
    list_filter = ("status", "severity", "cause", "verdict", "detected_at")
    list_select_related = ("member",)
    search_fields = ("member__email", "member__name", "message")
    date_hierarchy = "detected_at"
    inlines = (AnomalyInline, TimelineInline)
