"""Suggestions of cheaper models: what to say to whom, and what became of it."""

from __future__ import annotations

from dataclasses import dataclass

from django import forms
from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.http import require_POST

from tracker import filter_bar, filters
from tracker.access.guard import responder, viewer
from tracker.access.request import AccessRequest
from tracker.models import SavingFollowUp
from tracker.reports.followups import Realised, change_state, follow_up, realised
from tracker.reports.insights import Insights
from tracker.reports.people import Person
from tracker.reports.savings import Saving
from tracker.widgets import formats


@dataclass(frozen=True)
class Suggestion:
    """One saving that nobody has followed up yet, with the words to send."""

    saving: Saving
    person: Person

    @property
    def message(self) -> str:
        saving, instead = self.saving, self.saving.instead.name
        cheaper = formats.dollars(saving.spent - saving.middle)
        return (
            f"Hi {self.person.name.split()[0]}, your requests to {saving.model.name} came to "
            f"{formats.money(saving.spent)} recently. The same tokens on {instead}, which the team uses a "
            f"lot, "
            f"would have cost about {cheaper}. Could you try {instead} where it is good enough? "
            "If it does not, tell me what is missing."
        )


class FollowUpForm(forms.Form):
    member = forms.IntegerField(min_value=1)
    model = forms.CharField(max_length=120)
    state = forms.ChoiceField(choices=SavingFollowUp.State.choices)
    reason = forms.CharField(max_length=300, required=False)


@viewer
def savings(request: AccessRequest) -> HttpResponse:
    asked = filters.filters_from(request)
    report = Insights(asked)
    followed = realised(asked.now, asked.visible)
    context = {
        "filters": asked,
        "choices": filter_bar.build_period_choices(asked, request.path),
        "report": report,
        "suggestions": suggestions(report, followed),
        "followed": followed,
        "saved": sum(each.saved for each in followed),
        "now": asked.now,
    }
    return render(request, "tracker/savings.html", context)


def suggestions(report: Insights, followed: list[Realised]) -> list[Suggestion]:
    """Those not followed up yet, the most off the bill first."""
    done = {(each.follow_up.member_id, each.follow_up.model) for each in followed}
    left = [s for s in report.savings if (s.member_id, s.model.key) not in done]
    left.sort(key=lambda saving: (-saving.off_bill[1], -saving.middle))
    return [Suggestion(saving, report.team.people[saving.member_id]) for saving in left]


@responder
@require_POST
def follow_saving_up(request: AccessRequest) -> HttpResponse:
    """Mark a suggestion as raised, accepted or declined."""
    form = FollowUpForm(request.POST)
    if not form.is_valid():
        raise Http404("This suggestion is not valid.")
    member, model, state, reason = (
        form.cleaned_data[name] for name in ("member", "model", "state", "reason")
    )
    asked = filters.filters_from(request)
    by, now = request.access.name, asked.now
    row = SavingFollowUp.objects.filter(member=member, model=model).first()
    if asked.visible is not None and member not in asked.visible:
        raise Http404("This suggestion does not exist.")
    if row:
        change_state(row, state, reason, by=by, now=now)
    else:
        wanted = [s for s in Insights(asked).savings if (s.member_id, s.model.key) == (member, model)]
        if not wanted:
            raise Http404("This suggestion no longer exists.")
        follow_up(member, wanted[0], state, reason, by=by, now=now)
    request.audit_detail = f"{state}: {model}"
    messages.success(request, f"Marked as {state}.")
    return redirect(reverse("savings"))
