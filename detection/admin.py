"""The policy, what was found (read only), and the exemptions that verdicts left."""

from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.core.exceptions import PermissionDenied
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.urls import URLPattern, path
from django.utils import timezone
from django.views.decorators.http import require_POST
from solo.admin import SingletonModelAdmin

from collector.base.read_only import ReadOnly, RecordedAdmin

from . import exemptions
from .models import Anomaly, DetectionSettings, Exemption
from .replay.preview import preview


@admin.register(DetectionSettings)
class DetectionSettingsAdmin(RecordedAdmin, SingletonModelAdmin):
    """Thresholds, each with its unit and an example; the history says who changed what."""

    change_form_template = "admin/detection/detectionsettings/change_form.html"

    fieldsets = (
        ("Limits", {"fields": ["cycle_limit_dollars", "daily_requests_limit", "daily_tokens_limit"]}),
        (
            "Against the member's own history",
            {
                "fields": [
                    "own_baseline_sensitivity",
                    "own_baseline_days",
                    "own_baseline_min_days",
                    "drift_multiplier",
                    "spike_multiplier",
                    "spike_lookback_days",
                    "expensive_model_multiplier",
                    "expensive_model_min_dollars",
                ]
            },
        ),
        ("Against the team", {"fields": ["team_multiplier", "team_window_days", "cycle_outlier_multiplier"]}),
        ("Plan and budget", {"fields": ["plan_exhausted", "members_limited", "team_budget_dollars"]}),
        (
            "All checks",
            {
                "fields": [
                    "floor_dollars",
                    "cooldown_hours",
                    "stale_after_hours",
                    "confirm_by_own_history",
                    "info_findings",
                ]
            },
        ),
    )

    def get_urls(self) -> list[URLPattern]:
        """Add the preview, which takes the form as it stands."""
        view = self.admin_site.admin_view(require_POST(self.preview_view))
        return [path("preview/", view, name="detection_detectionsettings_preview"), *super().get_urls()]

    def preview_view(self, request: HttpRequest) -> HttpResponse:
        """Say what the settings in the form would have raised, without saving them."""
        if not self.has_change_permission(request):
            raise PermissionDenied
        form = self.get_form(request, change=True)(request.POST, instance=DetectionSettings.get_solo())
        context = {**self.admin_site.each_context(request), "opts": self.opts, "form": form}
        if form.is_valid():
            context["preview"] = preview(form.save(commit=False), timezone.now())
        status = 200 if form.is_valid() else 400
        return TemplateResponse(
            request, "admin/detection/detectionsettings/preview.html", context, status=status
        )


@admin.register(Anomaly)
class AnomalyAdmin(ReadOnly, admin.ModelAdmin):
    """What was found; nothing here is edited by hand."""

    list_display = ["detected_at", "member", "rule", "severity", "message", "onset_at", "cleared_at"]
    list_filter = ["severity", "rule", "cause", ("cleared_at", admin.EmptyFieldListFilter), "detected_at"]
    list_select_related = ["member"]
    search_fields = ["member__email", "member__name", "message"]
    date_hierarchy = "detected_at"


@admin.register(Exemption)
class ExemptionAdmin(RecordedAdmin):
    """What detection keeps quiet about, who said so, and until when; revoking ends it at the next run."""

    list_display = [
        "member",
        "cause",
        "kind",
        "until_at",
        "floor_cents",
        "created_by",
        "created_at",
        "revoked_at",
    ]
    list_filter = ["kind", "cause", ("revoked_at", admin.EmptyFieldListFilter)]
    list_select_related = ["member"]
    search_fields = ["member__email", "member__name", "reason"]
    raw_id_fields = ["member"]
    readonly_fields = ["created_by", "created_at", "revoked_by", "revoked_at"]
    actions = ["revoke"]

    @admin.action(description="Revoke: detect this again from the next run on", permissions=["change"])
    def revoke(self, request: HttpRequest, chosen: QuerySet[Exemption]) -> None:
        """End the chosen exemptions now; those already ended keep their date."""
        by, now = request.user.get_username(), timezone.now()
        ended = sum(exemptions.revoke(exemption, by=by, now=now) for exemption in chosen)
        self.message_user(request, f"{ended} revoked.")

    def save_model(self, request: HttpRequest, exemption: Exemption, form: Any, change: bool) -> None:
        """Note who made it and when, once."""
        if not change:
            exemption.created_by, exemption.created_at = request.user.get_username(), timezone.now()
        super().save_model(request, exemption, form, change)

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False  # revoked instead, so that it stays visible
