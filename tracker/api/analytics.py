"""`/api/analytics`: the figures of the insights page."""

from datetime import date
from typing import Annotated

from ninja import Field, Query, Router, Schema

from collector.models import TeamAnalyticsDay
from tracker.access.request import AccessRequest
from tracker.api.errors import documented
from tracker.api.schemas import NO_NUL, Day, Days, Percent, WholeCents, at
from tracker.api.selecting import filters_for
from tracker.reports.insights import Insights
from tracker.reports.surfaces import Surfaces

router = Router(tags=["figures"])


class ActiveDay(Schema):
    date: date
    dau: int = Field(description="Members that Cursor marks as active.")
    requesters: int = Field(description="Members with a served request.")


class ModelSummary(Schema):
    model: str = at("model", "key")
    messages: int = at("totals", "requests")
    users: int = at("members")
    spend_cents: WholeCents = at("totals", "total_cents")


class SurfaceSummary(Schema):
    surface: str = at(
        "key", description="ide, cli, cloud_agent, automation, bugbot, service_account; or empty."
    )
    spend_cents: WholeCents = at("totals", "total_cents")
    billed_cents: WholeCents = at("totals", "billed_cents")
    messages: int = at("totals", "requests")
    runs: int = at(
        "totals", "runs", description="Runs of cloud agents and automations that began in this period."
    )
    users: int = at("members")


class ModelDay(Schema):
    date: date
    model: str
    messages: int


class TeamDayJson(Schema):
    date: Day = at("day")
    count: int
    values: dict[str, object] = Field(description="Every figure of the day, under Cursor's own name for it.")


class McpTool(Schema):
    tool_name: str = at("name")
    mcp_server_name: str = at("detail")
    usage: int = at("count")
    users: int | None = at("members")


class CommandUsage(Schema):
    command_name: str = at("name")
    usage: int = at("count")
    users: int | None = at("members")


class Extension(Schema):
    file_extension: str = at("name")
    total_accepts: int = at("count")
    share: float


class ClientVersion(Schema):
    client_version: str = at("version")
    user_count: int = at("members")
    percentage: Percent = at("share")
    is_behind: bool


class RepositoryRow(Schema):
    repository: str = at("name")
    commits: int
    users: int = at("members")
    lines_added: int = at("lines")
    ai_lines_added: int = at("ai_lines")


class SavingRow(Schema):
    email: str
    model: str
    instead: str
    requests: int
    spent_cents: int
    low_cents: int
    high_cents: int
    off_bill_low_cents: int
    off_bill_high_cents: int


class ExhaustionSummary(Schema):
    users_exhausted: int
    total_active: int
    median_cycle_day: float | None


class ExhaustedUser(Schema):
    email: str
    date: date
    cycle_day: int
    billed_requests: int


class PlanExhaustion(Schema):
    summary: ExhaustionSummary
    users: list[ExhaustedUser]


class Analytics(Schema):
    days: int
    dau: list[ActiveDay]
    modelSummary: list[ModelSummary]
    modelTrend: list[ModelDay]
    surfaces: list[SurfaceSummary]
    agentEdits: list[TeamDayJson] = Field(
        description="For the whole team, because Cursor does not break it down."
    )
    tabs: list[TeamDayJson] = Field(description="For the whole team.")
    mcp: list[McpTool]
    commands: list[CommandUsage]
    fileExtensions: list[Extension] = Field(description="For the whole team.")
    clientVersions: list[ClientVersion]
    planExhaustion: PlanExhaustion = Field(description="In the current billing cycle.")
    repositories: list[RepositoryRow]
    savings: list[SavingRow]


@router.get("/analytics", response={200: Analytics, **documented(404)})
def read_analytics(
    request: AccessRequest,
    days: Days = 30,
    group: Annotated[str, Query(max_length=400, pattern=NO_NUL, description="A group's whole path.")] = "",
) -> dict[str, object]:
    """How the team works with it, over the `days` whole UTC days before today."""
    report = Insights(filters_for(request, days, group=group))
    team_days = team_days_of(report, "agent-edits", "tabs")
    # Whole days: today, the last of the report's, is not over.
    active = list(zip(report.period.shown_days, report.daily_active, report.daily_requesters, strict=True))
    return {
        "days": days,
        "dau": [{"date": day, "dau": dau, "requesters": requesters} for day, dau, requesters in active[:-1]],
        "modelSummary": sorted(
            report.team.model_costs, key=lambda cost: (-cost.totals.requests, cost.model.key)
        ),
        "modelTrend": [
            {"date": day, "model": model, "messages": requests}
            for (day, model), requests in sorted(report.daily.requests.items())
            if day <= report.period.last
        ],
        "surfaces": Surfaces(report.filters).lines,
        "agentEdits": team_days["agent-edits"],
        "tabs": team_days["tabs"],
        "mcp": report.tools_by_metric.get("mcp", []),
        "commands": report.tools_by_metric.get("commands", []),
        "fileExtensions": report.extensions,
        "clientVersions": report.versions,
        "planExhaustion": plan_exhaustion(report),
        "repositories": report.repositories,
        "savings": savings(report),
    }


def team_days_of(report: Insights, *metrics: str) -> dict[str, list[TeamAnalyticsDay]]:
    """The team's days of each metric, oldest first. One query."""
    days: dict[str, list[TeamAnalyticsDay]] = {metric: [] for metric in metrics}
    rows = TeamAnalyticsDay.objects.between(*report.span[:2]).filter(metric__in=metrics)
    for row in rows.order_by("day"):
        days[row.metric].append(row)
    return days


def plan_exhaustion(report: Insights) -> PlanExhaustion:
    people = report.team.people
    return PlanExhaustion(
        summary=ExhaustionSummary(
            users_exhausted=len(report.exhaustions),
            total_active=sum(
                report.team.everybody.active_days.get(person.pk, 0) > 0 for person in report.team.listed
            ),
            median_cycle_day=report.median_exhaustion_day,
        ),
        users=[
            ExhaustedUser(
                email=people[exhaustion.member_id].email,
                date=exhaustion.day,
                cycle_day=exhaustion.cycle_day,
                billed_requests=exhaustion.billed_requests,
            )
            for exhaustion in report.exhaustions
        ],
    )


def savings(report: Insights) -> list[SavingRow]:
    return [
        SavingRow(
            email=report.team.people[saving.member_id].email,
            model=saving.model.key,
            instead=saving.instead.key,
            requests=saving.requests,
            spent_cents=round(saving.spent),
            low_cents=round(saving.low),
            high_cents=round(saving.high),
            off_bill_low_cents=round(saving.off_bill[0]),
            off_bill_high_cents=round(saving.off_bill[1]),
        )
        for saving in report.savings
    ]
