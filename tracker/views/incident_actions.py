"""What people do to incidents on the pages: POST only, and back to where they came from."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

from django import forms
from django.contrib import messages
from django.db import transaction
from django.http import Http404, HttpResponse
from django.shortcuts import redirect
from django.utils import timezone
from django.utils.http import url_has_allowed_host_and_scheme
from django.views.decorators.http import require_POST

from collector.base.days import utc_day
from collector.base.plausibility import is_number
from incidents import lifecycle
from incidents.ends import SNOOZES, end_of_day, snooze_end
from incidents.lifecycle import Actor, Outcome
from incidents.models import Incident, Origin, Verdict
from tracker.access.guard import responder
from tracker.access.request import AccessRequest
from tracker.lookup import find_incident, visible_incidents
from tracker.widgets import formats

INSTANT_WIDGET = forms.DateTimeInput(attrs={"type": "datetime-local"}, format="%Y-%m-%dT%H:%M")
LONGEST_TEXT = 5000
MOST_AT_ONCE = 200  # in one transaction; a page of the table has 100


class NoteForm(forms.Form):
    note = forms.CharField(max_length=LONGEST_TEXT, required=False)


class SnoozeForm(forms.Form):
    """An end, or one of the spans of a single tap with the time zone that the browser sends."""

    until = forms.DateTimeField(widget=INSTANT_WIDGET, label="Snooze until (UTC)", required=False)
    note = forms.CharField(max_length=LONGEST_TEXT, required=False, label="Why")
    span = forms.ChoiceField(choices=list(SNOOZES.items()), required=False, widget=forms.HiddenInput)
    zone = forms.CharField(max_length=60, required=False, widget=forms.HiddenInput)

    def clean(self) -> dict[str, object]:
        data = super().clean() or {}
        if data.get("span"):
            data["until"] = snooze_end(data["span"], timezone.now(), data.get("zone", ""))
        elif not (data.get("until") or self.errors):
            self.add_error("until", "Enter a date and a time.")
        return data


class VerdictForm(forms.Form):
    verdict = forms.ChoiceField(choices=[("", "Choose one"), *Verdict.choices])
    until = forms.DateField(
        required=False,
        label="Planned until the end of",
        widget=forms.DateInput(attrs={"type": "date"}),
    )
    note = forms.CharField(max_length=LONGEST_TEXT, required=False, label="Why")

    def clean_until(self) -> datetime | None:
        day = self.cleaned_data["until"]
        return end_of_day(day) if day else None


class OnsetForm(forms.Form):
    onset = forms.DateTimeField(widget=INSTANT_WIDGET, label="Actually began (UTC)")


def filled_forms(incident: Incident, now: datetime) -> dict[str, object]:
    """The forms of an incident's page, filled with what is likely."""
    verdict = VerdictForm(initial={"verdict": incident.verdict}, auto_id="verdict_%s")
    verdict.fields["until"].widget.attrs["min"] = f"{utc_day(now)}"
    onset_at = incident.began_at or incident.detected_at
    return {
        "spans": SNOOZES,
        "snooze": SnoozeForm(initial={"until": now + timedelta(days=1)}, auto_id="snooze_%s"),
        "verdict": verdict,
        "onset": OnsetForm(initial={"onset": onset_at}, auto_id="onset_%s"),
    }


Who = tuple[Incident, Actor, str, datetime]  # acts on which incident, from where and when
# What each action asks for, and what is done with what was entered.
ACTIONS: dict[str, tuple[type[forms.Form], Callable[[Who, dict[str, Any]], Outcome]]] = {
    "acknowledge": (forms.Form, lambda who, entered: lifecycle.acknowledge(*who)),
    "resolve": (NoteForm, lambda who, entered: lifecycle.resolve(*who, entered["note"])),
    "reopen": (forms.Form, lambda who, entered: lifecycle.reopen(*who)),
    "note": (NoteForm, lambda who, entered: lifecycle.note(*who, entered["note"])),
    "snooze": (SnoozeForm, lambda who, entered: lifecycle.snooze(*who, entered["until"], entered["note"])),
    "verdict": (
        VerdictForm,
        lambda who, entered: lifecycle.verdict(*who, entered["verdict"], entered["until"], entered["note"]),
    ),
    "onset": (OnsetForm, lambda who, entered: lifecycle.correct_onset(*who, entered["onset"])),
}


@responder
@require_POST
def act_on_incident(request: AccessRequest, pk: int, action: str) -> HttpResponse:
    """Do one action on one incident; if somebody else was first, say who."""
    incident = find_incident(request, pk)
    form_class, act = ACTIONS[action]
    form = form_class(request.POST)
    if form.is_valid():
        who = (incident, request.access.actor, Origin.PAGE, timezone.now())
        outcome = act(who, form.cleaned_data)
    else:
        outcome = refused(incident, form)
    request.changed_nothing = not outcome.won
    (messages.success if outcome.won else messages.warning)(request, outcome.message)
    return back(request, incident.get_absolute_url())


def refused(incident: Incident, form: forms.Form) -> Outcome:
    """Nothing done, and why: `Snooze until (UTC): Enter a valid date/time.`"""
    complaints = [
        f"{form.fields[name].label or name.capitalize()}: {' '.join(map(str, errors))}"
        for name, errors in form.errors.items()
    ]
    return Outcome(False, " ".join(complaints), incident)


@responder
@require_POST
def act_on_many(request: AccessRequest) -> HttpResponse:
    """Acknowledge or resolve every ticked incident, or none if one is not there; those that somebody else had
    are counted."""
    does = {"acknowledge": lifecycle.acknowledge, "resolve": lifecycle.resolve}.get(
        request.POST.get("action", "")
    )
    ticked = request.POST.getlist("incident")
    request.changed_nothing = True
    if len(ticked) > MOST_AT_ONCE:
        messages.warning(request, f"At most {MOST_AT_ONCE} incidents at once: nothing was changed.")
        return back(request, "/incidents")
    if does is None or not ticked:
        messages.warning(request, "Select at least one incident first.")
        return back(request, "/incidents")
    actor, now = request.access.actor, timezone.now()
    # In one order, whatever the page's: two people at once would wait for each other's rows.
    numbers = [pk for pk in ticked if is_number(pk)]
    chosen = list(visible_incidents(request).filter(pk__in=numbers).order_by("pk"))
    if len(chosen) < len(set(ticked)):
        raise Http404("One of the incidents does not exist, so nothing was changed.")
    with transaction.atomic():
        won = sum(does(incident, actor, Origin.PAGE, now).won for incident in chosen)
    request.changed_nothing = not won
    sentence = f"{formats.plural(won, 'incident')} {request.POST['action']}d."
    if late := len(chosen) - won:
        sentence += f" {formats.plural(late, 'other')} had already been handled."
    (messages.success if won else messages.warning)(request, sentence)
    return back(request, "/incidents")


def back(request: AccessRequest, default: str) -> HttpResponse:
    """Redirect to the page that the form names, if it is one of this site's."""
    asked = request.POST.get("next", "")
    is_ours = url_has_allowed_host_and_scheme(asked, {request.get_host()}, request.is_secure())
    return redirect(asked if asked.startswith("/") and is_ours else default)
