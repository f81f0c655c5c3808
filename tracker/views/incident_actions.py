"""What people do to incidents on the pages: POST only, and back to where they came from."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta

from django import forms
from django.contrib import messages
from django.db import transaction
from django.http import Http404, HttpResponse
from django.shortcuts import redirect
from django.utils import timezone
from django.utils.http import url_has_allowed_host_and_scheme
from django.views.decorators.http import require_POST

from collector.base.days import utc_day
from incidents import lifecycle
from incidents.actions.snoozes import SNOOZES, snooze_end
from incidents.lifecycle import Actor, Outcome
from incidents.lifecycle.ends import end_of_day
from incidents.models import Incident, Origin, Verdict
from tracker.access.guard import responder
from tracker.access.request import Access, AccessRequest
from tracker.lookup import find_incident
from tracker.widgets import formats

INSTANT_WIDGET = forms.DateTimeInput(attrs={"type": "datetime-local"}, format="%Y-%m-%dT%H:%M")
LONGEST_TEXT = 5000
MOST_AT_ONCE = 200  # in one transaction; a page of the table has 100
NUMBER = re.compile(r"[0-9]{1,18}")  # as in the address of an incident


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
        if not (data.get("span") or data.get("until") or self.errors):
            self.add_error("until", "Enter a date and a time.")
        return data

    def end(self, now: datetime) -> datetime:
        """When the snooze ends; only for a valid form."""
        asked = self.cleaned_data
        return snooze_end(asked["span"], now, asked["zone"]) if asked["span"] else asked["until"]


class VerdictForm(forms.Form):
    verdict = forms.ChoiceField(choices=Verdict.choices)
    until = forms.DateField(
        required=False,
        label="Planned until the end of",
        widget=forms.DateInput(attrs={"type": "date"}),
    )
    note = forms.CharField(max_length=LONGEST_TEXT, required=False, label="Why")


class OnsetForm(forms.Form):
    onset = forms.DateTimeField(widget=INSTANT_WIDGET, label="Actually began (UTC)")


@dataclass(frozen=True)
class ActionForms:
    """The forms of an incident's page, filled with what is likely."""

    note: NoteForm
    snooze: SnoozeForm
    verdict: VerdictForm
    onset: OnsetForm

    @property
    def snooze_spans(self) -> list[tuple[str, str]]:
        return list(SNOOZES.items())

    @classmethod
    def empty(cls, incident: Incident, now: datetime) -> ActionForms:
        onset_at = incident.began_at or incident.detected_at
        verdict = VerdictForm(initial={"verdict": incident.verdict or Verdict.REAL}, auto_id="verdict_%s")
        verdict.fields["until"].widget.attrs["min"] = f"{utc_day(now)}"
        return cls(
            NoteForm(auto_id="note_%s"),
            SnoozeForm(initial={"until": now + timedelta(days=1)}, auto_id="snooze_%s"),
            verdict,
            OnsetForm(initial={"onset": onset_at}, auto_id="onset_%s"),
        )


def actor_of(access: Access) -> Actor:
    return Actor(access.user, access.name)


@responder
@require_POST
def act_on_incident(request: AccessRequest, pk: int, action: str) -> HttpResponse:
    """One action on one incident; whoever comes too late learns who was first."""
    incident = find_incident(request, pk)
    outcome = ACTIONS[action](request, incident, actor_of(request.access), timezone.now())
    (messages.success if outcome.won else messages.warning)(request, outcome.message)
    return back(request, incident.get_absolute_url())


def acknowledge(request: AccessRequest, incident: Incident, actor: Actor, now: datetime) -> Outcome:
    return lifecycle.acknowledge(incident, actor, Origin.PAGE, now)


def resolve(request: AccessRequest, incident: Incident, actor: Actor, now: datetime) -> Outcome:
    form = NoteForm(request.POST)
    if not form.is_valid():
        return refused(incident, form)
    return lifecycle.resolve(incident, actor, Origin.PAGE, now, form.cleaned_data["note"])


def reopen(request: AccessRequest, incident: Incident, actor: Actor, now: datetime) -> Outcome:
    return lifecycle.reopen(incident, actor, Origin.PAGE, now)


def note(request: AccessRequest, incident: Incident, actor: Actor, now: datetime) -> Outcome:
    form = NoteForm(request.POST)
    if not form.is_valid():
        return refused(incident, form)
    return lifecycle.note(incident, actor, Origin.PAGE, now, form.cleaned_data["note"])


def snooze(request: AccessRequest, incident: Incident, actor: Actor, now: datetime) -> Outcome:
    form = SnoozeForm(request.POST)
    if not form.is_valid():
        return refused(incident, form)
    return lifecycle.snooze(incident, actor, Origin.PAGE, now, form.end(now), form.cleaned_data["note"])


def verdict(request: AccessRequest, incident: Incident, actor: Actor, now: datetime) -> Outcome:
    form = VerdictForm(request.POST)
    if not form.is_valid():
        return refused(incident, form)
    asked = form.cleaned_data
    until = end_of_day(asked["until"]) if asked["until"] else None
    return lifecycle.verdict(
        incident, actor, Origin.PAGE, now, asked["verdict"], until=until, reason=asked["note"]
    )


def onset(request: AccessRequest, incident: Incident, actor: Actor, now: datetime) -> Outcome:
    form = OnsetForm(request.POST)
    if not form.is_valid():
        return refused(incident, form)
    return lifecycle.correct_onset(incident, actor, Origin.PAGE, now, form.cleaned_data["onset"])


ACTIONS: dict[str, Callable[[AccessRequest, Incident, Actor, datetime], Outcome]] = {
    "acknowledge": acknowledge,
    "resolve": resolve,
    "reopen": reopen,
    "note": note,
    "snooze": snooze,
    "verdict": verdict,
    "onset": onset,
}


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
    if not all(NUMBER.fullmatch(pk) for pk in ticked):
        raise Http404("One of the incidents does not exist, so nothing was changed.")
    if len(ticked) > MOST_AT_ONCE:
        messages.warning(request, f"At most {MOST_AT_ONCE} incidents at once: nothing was changed.")
        return back(request, "/incidents")
    if does is None or not ticked:
        messages.warning(request, "Select at least one incident first.")
        return back(request, "/incidents")
    actor, now = actor_of(request.access), timezone.now()
    # In one order, whatever the page's: two people at once would wait for each other's rows.
    chosen = [find_incident(request, pk) for pk in sorted(set(map(int, ticked)))]
    with transaction.atomic():
        won = sum(does(incident, actor, Origin.PAGE, now).won for incident in chosen)
    sentence = f"{formats.plural(won, 'incident')} {request.POST['action']}d."
    if late := len(chosen) - won:
        sentence += f" {formats.plural(late, 'other')} had already been handled."
    (messages.success if won else messages.warning)(request, sentence)
    return back(request, "/incidents")


def back(request: AccessRequest, default: str) -> HttpResponse:
    """To the page that the form names, if it is one of this site's."""
    asked = request.POST.get("next", "")
    is_ours = url_has_allowed_host_and_scheme(asked, {request.get_host()}, request.is_secure())
    return redirect(asked if asked.startswith("/") and is_ours else default)
