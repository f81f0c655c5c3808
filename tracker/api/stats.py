"""`/api/stats`, `/api/team-spend`, `/api/model-costs`: the figures of the overview."""

from datetime import date, datetime
from decimal import Decimal

from django.utils import timezone
from ninja import Field, Router, Schema

from collector.base.money import round_cents
from collector.collecting import freshness
from detection.models import Anomaly
from tracker import periods
from tracker.access.request import AccessRequest
from tracker.api.errors import documented
from tracker.api.schemas import Day, Days, WholeCents, at, badge_of
from tracker.api.selecting import filters_for
from tracker.filters import Filters
from tracker.reports.badges import ADOPTION, CONTEXT, SPEND, USAGE
from tracker.reports.by_day import TeamDay, member_days, team_days
from tracker.reports.cycle import CycleReport
from tracker.reports.member_sums import MemberFigures
from tracker.reports.models import ModelCost
from tracker.reports.overview import Overview
from tracker.reports.team import Team

router = Router(tags=["figures"])


class ActivityDay(Schema):
    date: Day = at("day")
    total_agent_requests: int = at("requests")
    total_lines_added: int = at("lines_added")
    active_users: int = at("active_members")


class RankedUser(Schema):
    rank: int
    email: str
    name: str
    spend_cents: int
    agent_requests: int
    lines_added: int
    most_used_model: str
    spend_rank: int | None = Field(
        description="null for members who spent nothing; members with equal spend share a rank."
    )
    activity_rank: int | None
    active_days: int
    avg_cache_read: int = Field(description="Tokens read from the cache per request.")
    usage_badge: str | None
    spend_badge: str | None
    context_badge: str | None
    adoption_badge: str | None
    adoption_score: int = Field(description="0 to 100.")
    group: str


class Stats(Schema):
    totalMembers: int
    activeMembers: int
    totalSpendCents: int
    totalAgentRequests: int
    activeAnomalies: int
    cycleStart: datetime | None
    cycleEnd: datetime | None
    cycleDays: int = Field(description="The day of the cycle, from 1; 0 if no cycle is known.")
    dailyTeamActivity: list[ActivityDay]
    rankedUsers: list[RankedUser]


class ModelCostRow(Schema):
    model: str
    users: int
    avg_spend: int = Field(description="Cents per user.")
    total_spend: int = Field(description="Cents.")
    total_reqs: int
    emails: list[str]


class DailySpendRow(Schema):
    date: Day = at("day")
    spend_cents: WholeCents


class MemberDaySpend(Schema):
    date: date
    email: str
    name: str
    spend_cents: int


class DifferencePart(Schema):
    reason: str = Field(description="no_seat, late, outside_retention or unexplained.")
    cents: Decimal


class CycleDifference(Schema):
    """Cursor's own total of the current cycle, compared with the sum of its events."""

    takenAt: datetime = at("at")
    eventsCents: Decimal = at("events_cents")
    cursorCents: Decimal | None = at(
        "cursor_cents", description="null if it is missing from Cursor's answer."
    )
    parts: list[DifferencePart] = Field(description="They add up to cursorCents less eventsCents.")


class Dashboard(Schema):
    days: int
    stats: Stats
    modelCosts: list[ModelCostRow]
    teamDailySpend: list[DailySpendRow]
    dailySpendBreakdown: list[MemberDaySpend]
    reconciliation: CycleDifference | None = Field(description="null for readers who cannot see everybody.")


@router.get("/stats", response={200: Dashboard, **documented()})
def read_stats(request: AccessRequest, days: Days = 7) -> dict[str, object]:
    """The figures of the overview, over the `days` whole UTC days before today."""
    filters = filters_for(request, days)
    report = Overview(filters)
    by_day = team_days(report.team.selection, filters.period)
    return {
        "days": days,
        "stats": stats(report, by_day, filters),
        "modelCosts": model_rows(report.team.model_costs, report.team),
        "teamDailySpend": by_day,
        "dailySpendBreakdown": breakdown(report.team, filters),
        "reconciliation": report.reconciled,
    }


@router.get("/team-spend", response={200: list[DailySpendRow], **documented()})
def read_team_spend(request: AccessRequest, days: Days = 30) -> list[TeamDay]:
    """What the team spent on each of the `days` whole UTC days before today."""
    filters = filters_for(request, days)
    return team_days(Team(filters).selection, filters.period)


@router.get("/model-costs", response={200: list[ModelCostRow], **documented()})
def read_model_costs(request: AccessRequest) -> list[ModelCostRow]:
    """What each model cost in the current billing cycle (or the last 30 whole days if none is known)."""
    now = timezone.now()
    filters = filters_for(request, 30, period=periods.this_cycle(now, freshness.known_until(now)))
    report = Overview(filters)
    return model_rows(report.team.model_costs, report.team)


def stats(report: Overview, by_day: list[TeamDay], filters: Filters) -> dict[str, object]:
    cycle: CycleReport | None = report.cycle
    return {
        "totalMembers": len(report.seats.paid),
        "activeMembers": len(report.seats.active),
        "totalSpendCents": round_cents(report.team.totals.total_cents),
        "totalAgentRequests": report.team.totals.requests,
        "activeAnomalies": open_anomalies(filters),
        "cycleStart": cycle.cycle.start_at if cycle else None,
        "cycleEnd": cycle.cycle.end_at if cycle else None,
        "cycleDays": cycle.day_number if cycle else 0,
        "dailyTeamActivity": by_day,
        "rankedUsers": [ranked(rank, member) for rank, member in enumerate(report.team.members, start=1)],
    }


def open_anomalies(filters: Filters) -> int:
    """Open anomalies, except information, of the members that the reader may see."""
    anomalies = Anomaly.objects.open().alarming()
    return (anomalies if filters.visible is None else anomalies.filter(member__in=filters.visible)).count()


def ranked(rank: int, member: MemberFigures) -> RankedUser:
    return RankedUser(
        rank=rank,
        email=member.person.email,
        name=member.person.name,
        spend_cents=round_cents(member.totals.total_cents),
        agent_requests=member.totals.requests,
        lines_added=member.activity.lines_added,
        most_used_model=member.main_model.key if member.main_model else "",
        spend_rank=member.spend_rank,
        activity_rank=member.activity_rank,
        active_days=member.active_days,
        avg_cache_read=round(member.totals.context_tokens or 0),
        usage_badge=badge_of(USAGE, member.badges),
        spend_badge=badge_of(SPEND, member.badges),
        context_badge=badge_of(CONTEXT, member.badges),
        adoption_badge=badge_of(ADOPTION, member.badges),
        adoption_score=member.adoption or 0,
        group=member.group,
    )


def model_rows(costs: list[ModelCost], team: Team) -> list[ModelCostRow]:
    """Largest spend first."""
    users: dict[str, list[str]] = {}
    for part in team.parts:
        if part.requests:
            users.setdefault(part.model, []).append(team.people[part.member_id].email)
    rows = [
        ModelCostRow(
            model=cost.model.key,
            users=cost.members,
            avg_spend=round_cents(cost.totals.total_cents / cost.members) if cost.members else 0,
            total_spend=round_cents(cost.totals.total_cents),
            total_reqs=cost.totals.requests,
            emails=sorted(users.get(cost.model.key, [])),
        )
        for cost in costs
    ]
    return sorted(rows, key=lambda row: (-row.total_spend, row.model))


def breakdown(team: Team, filters: Filters) -> list[MemberDaySpend]:
    return [
        MemberDaySpend(
            date=day,
            email=team.people[pk].email,
            name=team.people[pk].name,
            spend_cents=round_cents(cents),
        )
        for day, pk, cents in member_days(team.selection, filters.period)
    ]
