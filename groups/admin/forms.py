"""What people fill in."""

from datetime import date, datetime

from django import forms
from django.contrib.admin import ModelAdmin
from django.contrib.admin.helpers import ACTION_CHECKBOX_NAME
from django.db import models
from django.db.models import Min
from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils import timezone

from collector.base.days import utc_day
from collector.base.names import login_name
from collector.models import BillingCycle, MemberModelDay
from groups.assignments.changes import ChangeRefused, checked_name
from groups.models import Group, GroupImport

MAX_FILE_MEGABYTES = 20


class Since(models.TextChoices):
    """The first day on which a file counts."""

    TODAY = "today", "today"
    CYCLE = "cycle", "the start of this billing cycle"
    HISTORY = "history", "the start of all history"
    DAY = "day", "another day"


def first_day(since: str, day: date | None, now: datetime) -> date | None:
    """The first day of the choice; None if it is not known."""
    if since == Since.CYCLE:
        cycle = BillingCycle.objects.at(now)
        return utc_day(cycle.start_at) if cycle else None
    if since == Since.HISTORY:
        return MemberModelDay.objects.aggregate(first=Min("day"))["first"]
    return day if since == Since.DAY else utc_day(now)


def who(request: HttpRequest) -> str:
    """How the history names the one who asks."""
    return login_name(request.user)


def note_deed(request: HttpRequest, words: str | None) -> None:
    """For the audit log, a floor above: what the request did, and that it did nothing where that is None."""
    vars(request).update(audit_detail=words or "", changed_nothing=words is None)


def confirmation(
    admin: ModelAdmin,
    request: HttpRequest,
    action: str,
    title: str,
    rows: list[tuple[int, str, str]],
    form: forms.Form | None,
) -> HttpResponse:
    """The page before an action: the rows (id, name, how it stands) and what else the action asks for."""
    context = {
        **admin.admin_site.each_context(request),
        "opts": admin.opts,
        "title": title,
        "action": action,
        "form": form,
        "checkbox_name": ACTION_CHECKBOX_NAME,
        "rows": rows,
        "back": reverse(f"admin:groups_{admin.opts.model_name}_changelist"),
    }
    return TemplateResponse(request, "admin/groups/confirm.html", context)


class GroupForm(forms.ModelForm):
    class Meta:
        model = Group
        fields = ["name"]

    def clean_name(self) -> str:
        try:
            name, same = checked_name(self.cleaned_data["name"], self.instance if self.instance.pk else None)
        except ChangeRefused as exc:
            raise forms.ValidationError(str(exc)) from exc
        # The name of a deleted group opens that group again.
        self.instance = same or self.instance
        return name


class IntoForm(forms.Form):
    """Which group to merge into."""

    group = forms.ModelChoiceField(
        Group.objects.open(),
        label="Merge into",
        help_text="Members move there from today; past days keep their group. To separate a merged group "
        "again, add a group of its name and move its members back.",
    )


class MoveForm(forms.Form):
    """Where to, and from which day on."""

    group = forms.ModelChoiceField(
        Group.objects.open(), required=False, empty_label="Unassigned", label="Move to"
    )
    from_day = forms.DateField(
        label="First day",
        help_text="UTC. If you choose a day before today, spend since that day moves too.",
        widget=forms.DateInput(attrs={"type": "date"}),
    )


class UploadForm(forms.Form):
    kind = forms.ChoiceField(choices=GroupImport.FileKind.choices, label="File type")
    file = forms.FileField(help_text=f"A CSV file of at most {MAX_FILE_MEGABYTES} MB.", label="File")
    since = forms.ChoiceField(
        choices=Since.choices,
        required=False,
        label="Effective from",
        help_text="If you choose a day before today, spend since that day moves too.",
    )
    from_day = forms.DateField(
        label="First day",
        required=False,
        help_text="UTC. Used only if you choose “another day” above.",
        widget=forms.DateInput(attrs={"type": "date"}),
    )

    def clean(self) -> dict[str, object]:
        given = super().clean() or self.cleaned_data
        day = first_day(given.get("since") or Since.DAY, given.get("from_day"), timezone.now())
        if day is None and "from_day" not in self.errors:
            self.add_error("from_day", "That day is not known yet. Choose “another day” and enter one.")
        return {**given, "from_day": day}

    def clean_file(self) -> object:
        file = self.cleaned_data["file"]
        if file.size > MAX_FILE_MEGABYTES * 1_000_000:
            raise forms.ValidationError(
                f"The file is larger than {MAX_FILE_MEGABYTES} MB, which is too large for a list of people."
            )
        return file
