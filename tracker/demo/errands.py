"""What people do beside incidents: follow suggestions up, ask for limits and decide about them."""

from collections.abc import Callable
from datetime import datetime, timedelta

from django.http import QueryDict

from collector.models import Member
from incidents import lifecycle
from incidents.actions.limit_requests import approve_request, deny_request, record_request
from incidents.models import Incident, LimitRequest, Origin, Status, Verdict
from tracker import filters
from tracker.models import SavingFollowUp
from tracker.reports.followups import change_state, follow_up
from tracker.reports.insights import Insights

from .colleagues import ADA, JONAS, PRIYA

Errand = Callable[[datetime], object]
State = SavingFollowUp.State


def errands(end_at: datetime) -> list[tuple[datetime, Errand]]:
    """Each with its instant, seen from the end of the walk."""

    def ago(*, days: float = 0, hours: float = 0) -> datetime:
        return end_at - timedelta(days=days, hours=hours)

    return [
        (ago(days=26), raise_saving),
        (ago(days=19), accept_saving),
        (ago(days=8), raise_saving),
        (ago(days=12), lambda at: ask_for_limit(3, 400, "The migration needs more than usual", at)),
        (ago(days=12, hours=-1), lambda at: decide(True, at)),
        (ago(days=4), lambda at: ask_for_limit(8, 900, "Trying the large model on everything", at)),
        (ago(days=4, hours=-2), lambda at: decide(False, at)),
        (ago(hours=3), lambda at: ask_for_limit(12, 300, "Release week", at)),
        (ago(hours=1), take_up),
    ]


def reopen_expected(at: datetime) -> None:
    """Somebody disagrees with the newest verdict that closed an incident: it is open again."""
    verdicts = (Verdict.EXPECTED, Verdict.PLANNED)
    incident = Incident.objects.filter(status=Status.RESOLVED, verdict__in=verdicts).first()
    if incident:
        lifecycle.reopen(incident, PRIYA, Origin.PAGE, at, "It is more than was agreed")


def take_up(at: datetime) -> None:
    """Somebody begins to work on an incident that goes on; the newest, if there are more, is left to whoever
    opens the demo."""
    holding = Incident.objects.filter(status=Status.ALERTED, findings__anomaly__cleared_at__isnull=True)
    latest = list(holding.distinct().order_by("-alerted_at")[:2])
    if latest:
        lifecycle.acknowledge(latest[-1], JONAS, Origin.SLACK, at)
        lifecycle.note(latest[-1], JONAS, Origin.PAGE, at, "I have asked whom it concerns and am on it.")


def raise_saving(at: datetime) -> None:
    """The largest suggestion that nobody has followed up yet is raised with its member."""
    followed_up = set(SavingFollowUp.objects.values_list("member", "model"))
    for saving in Insights(filters.parse_filters(QueryDict(), at)).savings:
        if (saving.member_id, saving.model.key) not in followed_up:
            follow_up(saving.member_id, saving, State.RAISED, "In our one-to-one", by=JONAS.name, now=at)
            return


def accept_saving(at: datetime) -> None:
    row = SavingFollowUp.objects.filter(state=State.RAISED).first()
    if row:
        change_state(row, State.ACCEPTED, "Will use the cheaper one for tests", by=JONAS.name, now=at)


def ask_for_limit(place: int, dollars: int, reason: str, at: datetime) -> None:
    people = Member.objects.on_team().order_by("email")
    record_request(people[place % len(people)], dollars, reason, None, at)


def decide(is_approved: bool, at: datetime) -> None:
    request = LimitRequest.objects.filter(status=LimitRequest.Status.PENDING).first()
    if request and is_approved:
        approve_request(request, ADA, Origin.SLACK, at)
    elif request:
        deny_request(request, PRIYA, at)
