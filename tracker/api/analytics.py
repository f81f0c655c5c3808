"""`/api/analytics`: the figures of the insights page."""

from datetime import date
from typing import Annotated

from ninja import Field, Query, Router, Schema

from collector.base.money import round_cents
from tracker.access.request import AccessRequest
from tracker.api.errors import documented
from tracker.api.schemas import NO_NUL, Days
from tracker.api.selecting import filters_for
from tracker.reports.insights import Insights
from tracker.reports.surfaces import Surfaces
from tracker.reports.tools import Named

router = Router(tags=["figures"])


class ActiveDay(Schema):
    date: date
    dau: int = Field(description="Members that Cursor marks as active.")
    requesters: int = Field(description="Members with a served request.")


class ModelSummary(Schema):
    model: str
    messages: int
    users: int
    spend_cents: int


class SurfaceSummary(Schema):
    surface: str = Field(description="ide, cli, cloud_agent, automation, bugbot, service_account; or empty.")
    spend_cents: int
    billed_cents: int
    messages: int
    runs: int = Field(description="Runs of cloud agents and automations that began in this period.")
    users: int


class ModelDay(Schema):
    date: date
    model: str
    messages: int


class TeamDayJson(Schema):
    date: date
    count: int
    values: dict[str, object] = Field(description="Every figure of the day, under Cursor's own name for it.")


class McpTool(Schema):
    tool_name: str
    mcp_server_name: str
    usage: int
    users: int | None


class CommandUsage(Schema):
    command_name: str
    usage: int
    users: int | None


class Extension(Schema):
    file_extension: str
    total_accepts: int
    share: float


class ClientVersion(Schema):
    client_version: str
    user_count: int
    percentage: float
    is_behind: bool


class RepositoryRow(Schema):
    repository: str
    commits: int
    users: int
    lines_added: int
    ai_lines_added: int


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
) -> Analytics:
    """How the team works with it, over the `days` whole UTC days before today."""
    report = Insights(filters_for(request, days, group=group))
    return Analytics(
        days=days,
        dau=active_days(report),
        modelSummary=model_summary(report),
        modelTrend=model_trend(report),
        surfaces=surface_summary(report),
        agentEdits=team_days(report, "agent-edits"),
        tabs=team_days(report, "tabs"),
        mcp=[
            McpTool(tool_name=tool.name, mcp_server_name=tool.detail, usage=tool.count, users=tool.members)
            for tool in named_rows(report, "mcp")
        ],
        commands=[
            CommandUsage(command_name=command.name, usage=command.count, users=command.members)
            for command in named_rows(report, "commands")
        ],
        fileExtensions=[
            Extension(file_extension=extension.name, total_accepts=extension.count, share=extension.share)
            for extension in report.extensions
        ],
        clientVersions=client_versions(report),
        planExhaustion=plan_exhaustion(report),
        repositories=repositories(report),
        savings=savings(report),
    )


def active_days(report: Insights) -> list[ActiveDay]:
    """Whole days: today, the last of the report's, is not over."""
    days = list(zip(report.period.shown_days, report.daily_active, report.daily_requesters, strict=True))
    return [ActiveDay(date=day, dau=active, requesters=requesters) for day, active, requesters in days[:-1]]


def model_summary(report: Insights) -> list[ModelSummary]:
    rows = [
        ModelSummary(
            model=cost.model.key,
            messages=cost.totals.requests,
            users=cost.members,
            spend_cents=round_cents(cost.totals.total_cents),
        )
        for cost in report.model_costs
    ]
    return sorted(rows, key=lambda row: (-row.messages, row.model))


def model_trend(report: Insights) -> list[ModelDay]:
    return [
        ModelDay(date=day, model=model, messages=requests)
        for (day, model), requests in sorted(report.model_requests.items())
        if day <= report.period.last
    ]


def surface_summary(report: Insights) -> list[SurfaceSummary]:
    return [
        SurfaceSummary(
            surface=line.key,
            spend_cents=round_cents(line.total_cents),
            billed_cents=round_cents(line.billed_cents),
            messages=line.requests,
            runs=line.runs,
            users=line.members,
        )
        for line in Surfaces(report.filters).lines
    ]


def team_days(report: Insights, metric: str) -> list[TeamDayJson]:
    rows = report.team_rows.filter(metric=metric).order_by("day")
    return [TeamDayJson(date=row.day, count=row.count, values=row.values) for row in rows]


def named_rows(report: Insights, metric: str) -> list[Named]:
    return report.tools_by_metric.get(metric, [])


def client_versions(report: Insights) -> list[ClientVersion]:
    return [
        ClientVersion(
            client_version=version.version,
            user_count=version.members,
            percentage=round(version.share * 100, 2),
            is_behind=version.is_behind,
        )
        for version in report.versions
    ]


def plan_exhaustion(report: Insights) -> PlanExhaustion:
    people = report.team.people
    return PlanExhaustion(
        summary=ExhaustionSummary(
            users_exhausted=len(report.exhaustions),
            total_active=sum(member.is_active for member in report.team.members),
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


def repositories(report: Insights) -> list[RepositoryRow]:
    return [
        RepositoryRow(
            repository=row.name,
            commits=row.commits,
            users=row.members,
            lines_added=row.lines,
            ai_lines_added=row.ai_lines,
        )
        for row in report.repositories
    ]


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
