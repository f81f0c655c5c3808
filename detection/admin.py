"""The policy, what was found (read only), and the exemptions that verdicts left."""

from datetime import datetime
from decimal import Decimal

from django import forms
from django.contrib import admin
from django.core.exceptions import PermissionDenied
from django.db import models
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.template.response import TemplateResponse
from django.urls import URLPattern, path, reverse
from django.utils import timezone
from django.views.decorators.http import require_POST, require_safe

from collector.base.names import login_name
from collector.base.plausibility import is_number
from collector.base.read_only import HappenedFilter, ReadOnly, RecordedAdmin, SettingsAdmin
from collector.base.readable import cents_text, number_text
from collector.member_choice import ChoosesMember

from . import exemptions
from .models import Anomaly, DetectionSettings, Exemption, SettingsTrial
from .questions import QUESTIONS
from .replay.trials import ask_trial, changes_since, settings_from

TRIAL = "admin/detection/detectionsettings/trial.html"
SAVE_TESTED = "_save_tested"  # the button below a test's result; its value is the test
# The worker asks for tasks every two seconds, and ten thousand members take it a minute.
PATIENCE_SECONDS: dict[str, int] = {SettingsTrial.Progress.WAITING: 15, SettingsTrial.Progress.RUNNING: 180}


class TestableForm(forms.ModelForm):
    """The settings; the button below a test's result saves them only as they were tested."""

    def clean(self) -> dict[str, object]:
        entered = super().clean() or self.cleaned_data
        if SAVE_TESTED not in self.data:
            return entered
        trial = find_trial(self.data[SAVE_TESTED])
        if trial is None:
            raise forms.ValidationError(
                "Not saved: this test is no longer stored. Test again, or choose Save."
            )
        if changes := changes_since(trial, entered):
            raise forms.ValidationError(
                f"Not saved, because the form has changed since the test: {'; '.join(changes)}. Test again, "
                "or choose Save to save the form without a test."
            )
        return entered


@admin.register(DetectionSettings)
class DetectionSettingsAdmin(SettingsAdmin):
    """Thresholds, each with its unit and an example; the history says who changed what."""

    form = TestableForm
    when_saved = "Changes take effect at the next hourly run. Open incidents stay as they are."
    change_form_template = "admin/detection/detectionsettings/change_form.html"

    fieldsets = tuple((question, {"fields": fields}) for question, fields in QUESTIONS)

    def formfield_for_dbfield(
        self, db_field: models.Field, request: HttpRequest, **options: object
    ) -> forms.Field | None:
        field = super().formfield_for_dbfield(db_field, request, **options)
        if field:
            field.show_hidden_initial = "trial" not in request.GET  # which shows what was tested, not saved
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

    def get_object(
        self, request: HttpRequest, object_id: str, from_field: str | None = None
    ) -> DetectionSettings | None:
        """The saved settings; opened with `?trial=`, as they were tested, so that no reload loses them."""
        saved = super().get_object(request, object_id, from_field)
        trial = find_trial(request.GET.get("trial", "")) if request.method == "GET" else None
        return settings_from(trial.values) if saved and trial else saved

    def change_view(
        self,
        request: HttpRequest,
        object_id: str,
        form_url: str = "",
        extra_context: dict[str, object] | None = None,
    ) -> HttpResponse:
        trial = find_trial(request.GET.get("trial", ""))
        shown = trial_state(trial) if trial else {}
        return super().change_view(request, object_id, form_url, shown | (extra_context or {}))

    def preview_view(self, request: HttpRequest) -> HttpResponse:
        """Queue a test of the settings in the form, which are not saved. The part of the page that is
        returned asks how it stands until it is done; without scripts, the page itself shows it."""
        if not self.has_change_permission(request):
            raise PermissionDenied
        is_part = "HX-Request" in request.headers
        form = self.get_form(request, change=True)(request.POST, instance=DetectionSettings.get_solo())
        if not form.is_valid():
            return TemplateResponse(request, TRIAL, {"form": form}, status=200 if is_part else 400)
        trial = ask_trial(form.save(commit=False), by=login_name(request.user), now=timezone.now())
        vars(request)["changed_nothing"] = True  # for the audit log, a floor above
        address = f"{reverse('admin:detection_detectionsettings_change')}?trial={trial.pk}"
        if not is_part:
            return redirect(address)
        response = TemplateResponse(request, TRIAL, trial_state(trial))
        response["HX-Replace-Url"] = address
        return response

    def trial_view(self, request: HttpRequest, pk: int) -> HttpResponse:
        """How a try stands, as part of the form's page, which sends along what it holds by now."""
        if not self.has_change_permission(request):
            raise PermissionDenied
        trial = get_object_or_404(SettingsTrial, pk=pk)
        return TemplateResponse(
            request, TRIAL, {**trial_state(trial), "changes": self.changes(request, trial)}
        )

    def changes(self, request: HttpRequest, trial: SettingsTrial) -> list[str]:
        """What the form, sent along in the query, holds other than what was tested."""
        if not request.GET:
            return []
        form = self.get_form(request, change=True)(request.GET, instance=DetectionSettings())
        if form.is_valid():
            return changes_since(trial, form.cleaned_data)
        return [
            str(form[name].label) if name in form.fields else "the settings together" for name in form.errors
        ]


def find_trial(pk: str) -> SettingsTrial | None:
    return SettingsTrial.objects.filter(pk=int(pk)).first() if is_number(pk) else None


def trial_state(trial: SettingsTrial) -> dict[str, object]:
    """What the template shows of a try."""
    seconds = int((timezone.now() - trial.asked_at).total_seconds())
    is_late = seconds > PATIENCE_SECONDS.get(trial.status, seconds)
    return {"trial": trial, "seconds": seconds, "is_late": is_late, "result": read_result(trial)}


def read_result(trial: SettingsTrial) -> dict[str, object]:
    """The stored comparison with its times as times."""
    lists = {
        name: [{**alert, "detected_at": datetime.fromisoformat(alert["detected_at"])} for alert in alerts]
        for name, alerts in trial.result.items()
        if isinstance(alerts, list)
    }
    return {**trial.result, **lists}


def in_unit(anomaly: Anomaly, value: float) -> str:
    """A figure of the anomaly: dollars where its metric is money, else a number."""
    is_money = anomaly.metric.startswith(("spend", "billed")) or "per_request" in anomaly.metric
    return cents_text(Decimal(str(value))) if is_money else number_text(value)


@admin.register(Anomaly)
class AnomalyAdmin(ReadOnly, admin.ModelAdmin):
    """What was found; nothing here is edited by hand."""

    fields = (
        *("member", "rule", "cause", "severity", "message", "model"),
        *("measured", "observed_figure", "bound_figure", "expected_figure", "extra_cents"),
        *("onset_at", "detected_at", "last_seen_at", "cleared_at", "is_provisional"),
        *("operands", "explanation"),
    )
    list_display = ["detected_at", "member", "rule", "severity", "message", "onset_at", "cleared_at"]
    list_filter = ["severity", "rule", "cause", ("cleared_at", HappenedFilter), "detected_at"]
    list_select_related = ["member"]
    search_fields = ["member__email", "member__name", "message"]
    date_hierarchy = "detected_at"

    @admin.display(description="measured")
    def measured(self, anomaly: Anomaly) -> str:
        return anomaly.metric.replace("_", " ")

    @admin.display(description="measured figure")
    def observed_figure(self, anomaly: Anomaly) -> str:
        return in_unit(anomaly, anomaly.observed)

    @admin.display(description="figure it had to exceed")
    def bound_figure(self, anomaly: Anomaly) -> str:
        return in_unit(anomaly, anomaly.bound)

    @admin.display(description="usual figure")
    def expected_figure(self, anomaly: Anomaly) -> str:
        return in_unit(anomaly, anomaly.expected)


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
    list_filter = ["kind", "cause", ("revoked_at", HappenedFilter)]
    list_select_related = ["member"]
    search_fields = ["member__email", "member__name", "reason"]
    when_saved = "Detection follows it from the next hourly run on. To end it, revoke it in the list."
    actions = ["revoke"]

    def get_readonly_fields(self, request: HttpRequest, obj: Exemption | None = None) -> list[str]:
        return ["created_by", "created_at", "revoked_by", "revoked_at"] if obj else []

    def get_exclude(self, request: HttpRequest, obj: Exemption | None = None) -> list[str]:
        """What is noted by itself, while there is nothing noted."""
        return [] if obj else ["created_by", "created_at", "revoked_by", "revoked_at"]

    @admin.action(description="Revoke: detect this again from the next run on", permissions=["change"])
    def revoke(self, request: HttpRequest, chosen: QuerySet[Exemption]) -> None:
        """End the chosen exemptions now; those already ended keep their date."""
        by, now = login_name(request.user), timezone.now()
        ended = sum(exemptions.revoke(exemption, by=by, now=now) for exemption in chosen)
        self.message_user(request, f"{ended} revoked.")

    def save_model(self, request: HttpRequest, exemption: Exemption, form: object, change: bool) -> None:
        """Note who made it and when, once."""
        if not change:
            exemption.created_by, exemption.created_at = login_name(request.user), timezone.now()
        super().save_model(request, exemption, form, change)

    def has_delete_permission(self, request: HttpRequest, obj: object = None) -> bool:
        return False  # revoked instead, so that it stays visible
