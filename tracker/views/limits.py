"""A member's spend limit: set, raised or lifted by administrators, asked for by the member."""

import uuid
from datetime import datetime

from django import forms
from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_POST, require_safe

from collector.base.readable import EnteredInteger
from collector.cursor.client import CursorClient
from collector.models import Member
from incidents.actions.cursor_links import DASHBOARD
from incidents.actions.limit_requests import approve_request, deny_request, record_request
from incidents.actions.limits import LimitRefused, LimitWish, carry_out, record_wish
from incidents.ends import end_problem
from incidents.models import Incident, LimitChange, LimitRequest, Origin
from incidents.models.limits import MOST_DOLLARS
from tracker.access.guard import admin_only, public, turn_away
from tracker.access.privacy import is_passed_on
from tracker.access.request import AccessRequest
from tracker.access.roles import Role
from tracker.reports.member_limit import member_limit_report

INSTANT_WIDGET = forms.DateTimeInput(attrs={"type": "datetime-local"}, format="%Y-%m-%dT%H:%M")
LONGEST_REASON = 500
SET, LIFT = "set", "lift"
MEMBER_ALONE = "Only the member can ask for a higher limit."


class UntilForm(forms.Form):
    """A reason, and an end in the future."""

    reason = forms.CharField(max_length=LONGEST_REASON, label="Reason")
    until = forms.DateTimeField(required=False, label="Until (UTC, optional)", widget=INSTANT_WIDGET)

    def clean_until(self) -> datetime | None:
        until: datetime | None = self.cleaned_data["until"]
        if until and (problem := end_problem(until, timezone.now())):
            raise forms.ValidationError(problem)
        return until


class LimitForm(UntilForm):
    """What an administrator wants; `key` makes sending it twice one change."""

    what = forms.ChoiceField(
        choices=[(SET, "Set the limit to"), (LIFT, "Lift the member's own limit")], label="Change"
    )
    dollars = EnteredInteger(
        required=False, min_value=0, max_value=MOST_DOLLARS, label="US dollars per billing cycle"
    )
    incident = forms.IntegerField(required=False, min_value=1, widget=forms.HiddenInput)
    key = forms.UUIDField(widget=forms.HiddenInput)
    field_order = ("what", "dollars", "until", "reason")

    def clean(self) -> dict[str, object]:
        data = super().clean() or {}
        if data.get("what") == SET and data.get("dollars") is None and "dollars" not in self.errors:
            self.add_error("dollars", "Enter a whole number of dollars. 0 allows no spend at all.")
        return data

    @property
    def to_dollars(self) -> int | None:
        return None if self.cleaned_data["what"] == LIFT else int(self.cleaned_data["dollars"])


class LimitRequestForm(UntilForm):
    dollars = EnteredInteger(
        min_value=1, max_value=MOST_DOLLARS, label="Limit you need, US dollars per billing cycle"
    )
    field_order = ("dollars", "until", "reason")


@admin_only
def member_limit(request: AccessRequest, email: str) -> HttpResponse:
    """The form; then a page to confirm, with Cursor's answer of this moment; then the change."""
    member, now = find_person(email), timezone.now()
    initial = {"key": uuid.uuid4(), "incident": request.GET.get("incident"), "what": SET}
    form = LimitForm(request.POST) if request.method == "POST" else LimitForm(initial=initial)
    is_valid = request.method == "POST" and form.is_valid()
    if is_valid and "confirmed" in request.POST:
        change_limit(request, member, form, now)
        return redirect(back_to(member, form))
    report = member_limit_report(member, now, is_live=is_valid)
    if is_valid and not report.may_write:
        messages.error(request, "To change limits from here, set CURSOR_LIMITS=write.")
    context = {
        "report": report,
        "member": member,
        "form": form,
        "is_confirming": is_valid and report.may_write,
        "cursor_url": DASHBOARD,
        "now": now,
    }
    return render(request, "tracker/limit.html", context)


def change_limit(request: AccessRequest, member: Member, form: LimitForm, now: datetime) -> None:
    """Record the change, carry it out at once, and say what came of it."""
    asked = form.cleaned_data
    wish = LimitWish(
        member=member,
        to_dollars=form.to_dollars,
        reason=asked["reason"],
        key=f"form:{asked['key']}",
        until_at=asked["until"],
        incident=incident_of(member, asked["incident"]),
    )
    try:
        change = record_wish(wish, request.access.actor, Origin.PAGE, now)
    except LimitRefused as refusal:
        messages.error(request, str(refusal))
        return
    carry_out(change, CursorClient.for_a_page(), now)
    request.audit_detail = f"limit of {member.email} to {change.to_words}, {change.get_status_display()}"
    report_outcome(request, change)


def report_outcome(request: AccessRequest, change: LimitChange) -> None:
    if change.status == LimitChange.Status.DONE:
        messages.success(request, f"The limit is set. {change.message}")
    elif change.is_finished:
        messages.error(request, f"{str(change.get_status_display()).capitalize()}: {change.message}")
    else:
        messages.warning(request, f"The change is recorded and tried again every minute. {change.message}")


def incident_of(member: Member, pk: int | None) -> Incident | None:
    """The incident that the form came from, if it is this member's."""
    return Incident.objects.filter(pk=pk, member=member).first() if pk else None


def back_to(member: Member, form: LimitForm) -> str:
    incident = incident_of(member, form.cleaned_data["incident"])
    return incident.get_absolute_url() if incident else reverse("member-limit", args=[member.email])


@public
def limit_request(request: AccessRequest, email: str) -> HttpResponse:
    """The member's own page: only they may ask, and it changes nothing by itself."""
    if not request.access.may(Role.VIEWER):
        return turn_away(request)
    if request.access.email.lower() != email.lower():
        raise PermissionDenied(MEMBER_ALONE)
    member, now = find_person(email), timezone.now()
    if is_passed_on(email, member):
        raise PermissionDenied(MEMBER_ALONE)
    form = LimitRequestForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        asked = form.cleaned_data
        made = record_request(member, asked["dollars"], asked["reason"], asked["until"], now)
        if made:
            messages.success(request, "Your request is recorded. An administrator will decide.")
        else:
            messages.error(request, "You already have an open request.")
        return redirect(request.path)  # of whichever of their addresses they sign in with
    report = member_limit_report(member, now, is_live=False)
    requests = LimitRequest.objects.filter(member=member)[:10]
    context = {"report": report, "member": member, "form": form, "requests": requests, "now": now}
    return render(request, "tracker/limit_request.html", context)


@admin_only
@require_safe
def limits(request: AccessRequest) -> HttpResponse:
    """Requests that wait, limits that end by themselves, and the last changes."""
    now = timezone.now()
    waiting = LimitRequest.objects.filter(status=LimitRequest.Status.PENDING, expires_at__gt=now)
    changes = LimitChange.objects.select_related("member", "incident")
    context = {
        "requests": waiting.select_related("member").order_by("asked_at"),
        "temporary": changes.temporary().order_by("until_at"),
        "changes": changes[:50],
    }
    return render(request, "tracker/limits.html", context)


@admin_only
@require_POST
def decide_limit_request(request: AccessRequest, pk: int, decision: str) -> HttpResponse:
    asked, now = get_object_or_404(LimitRequest.objects.select_related("member"), pk=pk), timezone.now()
    if decision == "approve":
        outcome = approve_request(asked, request.access.actor, Origin.PAGE, now)
        if outcome.won and asked.change:
            carry_out(asked.change, CursorClient.for_a_page(), now)
            report_outcome(request, asked.change)
    else:
        outcome = deny_request(asked, request.access.actor, now)
    request.audit_detail = f"limit request {pk}: {decision}"
    request.changed_nothing = not outcome.won
    (messages.success if outcome.won else messages.error)(request, outcome.message)
    return redirect("limits")


def find_person(email: str) -> Member:
    member = Member.objects.people().by_address(email)
    if member is None:
        raise Http404(f"There is no member {email}. Only people can have their own limit here.")
    return member
