"""Limits in the admin: what was changed and asked for, read only, and the guard."""

from django.contrib import admin
from django.urls import reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString

from collector.base.read_only import ReadOnly, SettingsAdmin
from incidents.models import GuardSettings, LimitChange, LimitRequest


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
