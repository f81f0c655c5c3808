"""`/api/users/<email>`: one member's figures."""

from dataclasses import replace
from datetime import datetime
from typing import Annotated

from django.db.models import Sum
from ninja import Field, Path, Router, Schema

from collector.base import names
from collector.base.money import round_cents
from collector.models import BillingCycle, DailyActivity, Member, MemberModelDay
from collector.models.totals import span_of
from detection.models import Anomaly
from tracker.access.request import AccessRequest
from tracker.api.errors import ApiError, documented
from tracker.api.incidents import AnomalyRow, anomaly_row
from tracker.api.schemas import Day, Days, at, badge_of
from tracker.api.selecting import filters_for
from tracker.api.stats import DailySpendRow
from tracker.filters import Filters
from tracker.reports.badges import FAMILIES
from tracker.reports.by_day import team_days
from tracker.reports.team import Team

router = Router(tags=["figures"])
# Half a year of billing cycles, and as many findings as one reads.
MOST_CYCLES, MOST_ANOMALIES = 6, 20


class MemberRow(Schema):
    email: str
    name: str
    kind: str
    role: str
    group: str
    isOnTeam: bool
    firstSeenAt: datetime | None = Field(description="null where names are hidden, as `role` is empty.")
    lastSeenAt: datetime | None = Field(description="null where names are hidden.")


class CycleSpend(Schema):
    cycle_start: datetime
    spend_cents: int


class ActivityRow(Schema):
    """A count is null where Cursor's answer could not be read."""

    date: Day = at("day")
    agent_requests: int | None
    lines_added: int | None
    lines_deleted: int | None
    total_accepts: int | None = at("accepts")
    total_rejects: int | None = at("rejects")
    tabs_accepted: int | None
    usage_based_reqs: int | None = at("usage_based_requests")
    most_used_model: str
    client_version: str


class ModelRow(Schema):
    model: str
    total_requests: int
    spend_cents: int


class Ranks(Schema):
    spendRank: int | None
    activityRank: int | None
    totalRanked: int = Field(description="The number of members with any usage.")


class Badges(Schema):
    usage: str | None
    spend: str | None
    context: str | None
    adoption: str | None


class UserFigures(Schema):
    days: int
    member: MemberRow
    spendCents: int
    agentRequests: int
    linesAdded: int
    activeDays: int
    adoptionScore: int
    ranks: Ranks
    badges: Badges
    spending: list[CycleSpend] = Field(description="By billing cycle, newest first.")
    dailySpend: list[DailySpendRow]
    dailyActivity: list[ActivityRow]
    modelBreakdown: list[ModelRow]
    anomalies: list[AnomalyRow]


@router.get("/users/{path:email}", response={200: UserFigures, **documented(404)})
def read_user(
    request: AccessRequest, email: Annotated[str, Path(max_length=254)], days: Days = 30
) -> dict[str, object]:
    """One member over the `days` whole UTC days before today. 404 if nobody has that address."""
    filters = filters_for(request, days)
    member = Member.objects.by_address(email)
    if member is None or (filters.visible is not None and member.pk not in filters.visible):
        raise ApiError(404, f"Cursor has reported nobody with the address {email}.")
    team = Team(replace(filters, visible=frozenset({member.pk})))
    figures = team.member(team.people[member.pk])
    activity = DailyActivity.objects.between(filters.period.first, filters.period.last)
    findings = Anomaly.objects.filter(member=member).select_related("member", "incident_link__incident")
    return {
        "days": days,
        "member": member_row(member, figures.group),
        "spendCents": round_cents(team.totals.total_cents),
        "agentRequests": team.totals.requests,
        "linesAdded": figures.activity.lines_added,
        "activeDays": team.everybody.active_days.get(member.pk, 0),
        "adoptionScore": figures.adoption or 0,
        "ranks": {
            "spendRank": figures.spend_rank,
            "activityRank": figures.activity_rank,
            "totalRanked": len(team.ranks.by_spend.keys() | team.ranks.by_requests.keys()),
        },
        "badges": {name.lower(): badge_of(family, figures.badges) for name, family in FAMILIES.items()},
        "spending": spending(member, filters),
        "dailySpend": team_days(team.selection, filters.period),
        "dailyActivity": map(activity_row, activity.filter(member=member).order_by("day")),
        "modelBreakdown": model_rows(team),
        "anomalies": list(map(anomaly_row, findings.order_by("-detected_at", "-pk")[:MOST_ANOMALIES])),
    }


def activity_row(row: DailyActivity) -> dict[str, object]:
    return {field.attname: row.known(field.attname) for field in DailyActivity._meta.concrete_fields}


def member_row(member: Member, group: str) -> MemberRow:
    is_hidden = names.current().hides(member.pk)  # who came or left on a day is known by it
    return MemberRow(
        email=member.shown_email,
        name=member.shown_name,
        kind=member.kind,
        role=member.shown_role,
        group=group,
        isOnTeam=member.gone_at is None and not member.is_removed,
        firstSeenAt=None if is_hidden else member.first_seen_at,
        lastSeenAt=None if is_hidden else member.last_seen_at,
    )


def spending(member: Member, filters: Filters) -> list[CycleSpend]:
    """The current billing cycle and earlier ones. Two queries."""
    cycles = list(BillingCycle.objects.filter(start_at__lte=filters.now).order_by("-start_at")[:MOST_CYCLES])
    rows = MemberModelDay.objects.filter(member=member)
    sums = {f"cycle{cycle.pk}": Sum("total_cents", filter=span_of(cycle).rows) for cycle in cycles}
    spent_by_cycle = rows.aggregate(**sums)
    return [
        CycleSpend(cycle_start=cycle.start_at, spend_cents=round_cents(spent))
        for cycle in cycles
        if (spent := spent_by_cycle[f"cycle{cycle.pk}"]) is not None
    ]


def model_rows(team: Team) -> list[ModelRow]:
    """Most requests first."""
    rows = [
        ModelRow(model=model, total_requests=totals.requests, spend_cents=round_cents(totals.total_cents))
        for model, totals in team.usage.models.by_model.items()
    ]
    return sorted(rows, key=lambda row: (-row.total_requests, -row.spend_cents, row.model))
