"""The policy, what was found (read only), and the exemptions that verdicts left."""

from __future__ import annotations

from datetime import datetime

from django import forms
from django.contrib import admin
from django.core.exceptions import PermissionDenied
from django.db import models
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404
from django.template.response import TemplateResponse
from django.urls import URLPattern, path
from django.utils import timezone
from django.views.decorators.http import require_POST, require_safe

from collector.base.read_only import ReadOnly, RecordedAdmin, SettingsAdmin
from collector.member_choice import ChoosesMember

from . import exemptions
from .models import Anomaly, DetectionSettings, Exemption, SettingsTrial
from .questions import LABELS, QUESTIONS
from .replay.preview import preview
from .replay.trials import ask_trial

TRIAL = "admin/detection/detectionsettings/trial.html"
WORKER_PATIENCE_SECONDS = 15  # it asks for tasks every two seconds


@admin.register(DetectionSettings)
class DetectionSettingsAdmin(SettingsAdmin):
    """Thresholds, each with its unit and an example; the history says who changed what."""

    change_form_template = "admin/detection/detectionsettings/change_form.html"

    fieldsets = tuple((question, {"fields": fields}) for question, fields in QUESTIONS)

    def formfield_for_dbfield(
        self, db_field: models.Field, request: HttpRequest, **options: object
    ) -> forms.Field | None:
        """The label with its unit, and the default below."""
        field = super().formfield_for_dbfield(db_field, request, **options)
        if field and db_field.name in LABELS:
            field.label = LABELS[db_field.name]
            field.help_text = f"{field.help_text} {default_text(db_field)}"
        return field

    def get_urls(self) -> list[URLPattern]:
        """Add the preview, which takes the form as it stands."""
        view = self.admin_site.admin_view(require_POST(self.preview_view))
        trial = self.admin_site.admin_view(require_safe(self.trial_view))
        return [
            path("preview/", view, name="detection_detectionsettings_preview"),
            path("trial/<int:pk>/", trial, name="detection_detectionsettings_trial"),
            *super().get_urls(),
        ]

    def preview_view(self, request: HttpRequest) -> HttpResponse:
        """Say what the settings in the form would have raised, without saving them."""
        if not self.has_change_permission(request):
            raise PermissionDenied
        form = self.get_form(request, change=True)(request.POST, instance=DetectionSettings.get_solo())
        if "HX-Request" in request.headers:
            return self.begin_trial(request, form)
        context = {**self.admin_site.each_context(request), "opts": self.opts, "form": form}
        if form.is_valid():
            context["preview"] = preview(form.save(commit=False), timezone.now())
        status = 200 if form.is_valid() else 400
        return TemplateResponse(
            request, "admin/detection/detectionsettings/preview.html", context, status=status
        )

    def begin_trial(self, request: HttpRequest, form: forms.ModelForm) -> HttpResponse:
        """Queue the try; the part of the page that is returned asks for its state until it is done."""
        if not form.is_valid():
            return TemplateResponse(request, TRIAL, {"form": form})
        trial = ask_trial(form.save(commit=False), by=request.user.get_username(), now=timezone.now())
        return self.trial_view(request, trial.pk)

    def trial_view(self, request: HttpRequest, pk: int) -> HttpResponse:
        """How a try stands, as part of the form's page."""
        if not self.has_change_permission(request):
            raise PermissionDenied
        trial = get_object_or_404(SettingsTrial, pk=pk)
        seconds = int((timezone.now() - trial.asked_at).total_seconds())
        is_late = trial.status == trial.Status.WAITING and seconds > WORKER_PATIENCE_SECONDS
        shown = {"trial": trial, "seconds": seconds, "is_late": is_late, "result": read_result(trial)}
        return TemplateResponse(request, TRIAL, shown)


def read_result(trial: SettingsTrial) -> dict[str, object]:
    """The stored comparison with its times as times."""
    lists = {
        name: [{**alert, "detected_at": datetime.fromisoformat(alert["detected_at"])} for alert in alerts]
        for name, alerts in trial.result.items()
        if isinstance(alerts, list)
    }
    return {**trial.result, **lists}


def default_text(field: models.Field) -> str:
    default = field.get_default()
    if isinstance(default, bool):
        default = "on" if default else "off"
    return f"Default: {default}."


@admin.register(Anomaly)
class AnomalyAdmin(ReadOnly, admin.ModelAdmin):
    """What was found; nothing here is edited by hand."""

    list_display = ["detected_at", "member", "rule", "severity", "message", "onset_at", "cleared_at"]
    list_filter = ["severity", "rule", "cause", ("cleared_at", admin.EmptyFieldListFilter), "detected_at"]
    list_select_related = ["member"]
    search_fields = ["member__email", "member__name", "message"]
    date_hierarchy = "detected_at"


@admin.register(Exemption)
class ExemptionAdmin(ChoosesMember, RecordedAdmin):
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
    readonly_fields = ["created_by", "created_at", "revoked_by", "revoked_at"]
    actions = ["revoke"]

    @admin.action(description="Revoke: detect this again from the next run on", permissions=["change"])
    def revoke(self, request: HttpRequest, chosen: QuerySet[Exemption]) -> None:
        """End the chosen exemptions now; those already ended keep their date."""
        by, now = request.user.get_username(), timezone.now()
        ended = sum(exemptions.revoke(exemption, by=by, now=now) for exemption in chosen)
        self.message_user(request, f"{ended} revoked.")

    def save_model(self, request: HttpRequest, exemption: Exemption, form: object, change: bool) -> None:
        """Note who made it and when, once."""
        if not change:
            exemption.created_by, exemption.created_at = request.user.get_username(), timezone.now()
        super().save_model(request, exemption, form, change)

    def has_delete_permission(self, request: HttpRequest, obj: object = None) -> bool:
        return False  # revoked instead, so that it stays visible
