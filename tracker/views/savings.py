"""Suggestions of cheaper models: what to say to whom, and what became of it."""

from dataclasses import dataclass, replace

from django import forms
from django.contrib import messages
from django.db.models import BigIntegerField
from django.http import Http404, HttpResponse, QueryDict
from django.shortcuts import redirect
from django.urls import reverse
from django.views.decorators.http import require_POST

from tracker import filters
from tracker.access.guard import responder
from tracker.access.request import AccessRequest
from tracker.filter_bar import Choices, build_period_choices
from tracker.models import SavingFollowUp
from tracker.reports.followups import Realised, change_state, follow_up, realised
from tracker.reports.insights import Insights
from tracker.reports.people import Person
from tracker.reports.savings import MIN_SAVING_CENTS, Saving
from tracker.views.answers import filtered_page
from tracker.widgets import formats
from tracker.widgets.tables import PageParts

# On the page; the table of Insights and its CSV have all. The next ones follow as these are followed up.
MOST_SHOWN = 50


@dataclass(frozen=True)
class Suggestion:
    """One saving that nobody has followed up yet, with the words to send."""

    number: int  # on the page
    saving: Saving
    person: Person

    @property
    def is_billed(self) -> bool:
        """Whether following it takes something off the invoice, not only out of the plan."""
        return self.saving.off_bill[1] >= MIN_SAVING_CENTS

    @property
    def message(self) -> str:
        saving, instead = self.saving, self.saving.instead.name
        cheaper = formats.dollars(saving.spent - saving.middle)
        return (
            f"Hi {self.person.name.split()[0]}, your requests to {saving.model.name} came to "
            f"{formats.money(saving.spent)} recently. The same tokens on {instead}, which the team uses "
            f"a lot, would have cost about {cheaper}. Could you try {instead} where it is good enough? "
            "If it is not, tell me what is missing."
        )


class FollowUpForm(forms.Form):
    member = forms.IntegerField(min_value=1, max_value=BigIntegerField.MAX_BIGINT)
    model = forms.CharField(max_length=120)
    state = forms.ChoiceField(choices=SavingFollowUp.State.choices)
    reason = forms.CharField(max_length=300, required=False)


def savings_page(report: Insights, query: QueryDict) -> PageParts:
    asked = report.filters
    followed = realised(report.team.people, asked.now, asked.visible)
    pending = suggestions(report, followed)
    shown = pending[:MOST_SHOWN]
    return PageParts(
        query,
        asked.now,
        report=report,
        billed=[suggestion for suggestion in shown if suggestion.is_billed],
        plan_only=[suggestion for suggestion in shown if not suggestion.is_billed],
        further=len(pending) - len(shown),
        followed=followed,
        saved=sum(follow_up.saved for follow_up in followed),
        listed=followed[:MOST_SHOWN],  # the newest; what all of them saved is in the sum
        earlier=max(len(followed) - MOST_SHOWN, 0),
    )


def only_periods(asked: filters.Filters, path: str) -> Choices:
    return replace(build_period_choices(asked, path), comparisons=[])


savings = filtered_page("savings", Insights, savings_page, choices=only_periods, scripts=())


def suggestions(report: Insights, followed: list[Realised]) -> list[Suggestion]:
    """Those not followed up yet, the most off the bill first."""
    done = {(row.follow_up.member_id, row.follow_up.model) for row in followed}
    pending = [s for s in report.savings if (s.member_id, s.model.key) not in done]
    pending.sort(key=lambda saving: (-saving.off_bill[1], -saving.middle))
    people = report.team.people
    return [Suggestion(n, saving, people[saving.member_id]) for n, saving in enumerate(pending, 1)]


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
