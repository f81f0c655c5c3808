"""The charts and tables of a member's page."""

from collections import Counter
from collections.abc import Callable
from decimal import Decimal

from django.http import QueryDict
from django.urls import reverse

from incidents.models import Incident
from tracker.pages.columns import USAGE
from tracker.pages.days import change_columns, day_axis, day_urls, dollars, earlier_bars, known
from tracker.pages.incidents import flags, severity_flag, status_flag
from tracker.pages.lists import named_table, repositories_table
from tracker.reports.member import MemberReport
from tracker.reports.member_days import TOKENS, MemberDay
from tracker.reports.models import ModelCost, model_costs
from tracker.widgets.charts import TOLD_APART, Chart, Series
from tracker.widgets.metric_help import MEANINGS
from tracker.widgets.palette import OTHER, PaletteModel
from tracker.widgets.tables import Column, PageParts, Table

TOP_MODELS = 6
TOKEN_NAMES = dict(zip(TOKENS, ("Input", "Output", "Cache written", "Cache read"), strict=True))


def page(report: MemberReport, query: QueryDict) -> PageParts:
    named = report.tools_by_metric
    asked = report.filters.query(group=report.figures.group, search="", model="", badge="", surface="")
    return PageParts(
        query,
        report.filters.now,
        report=report,
        group_url=reverse("overview") + asked,
        spend=spend_chart(report),
        tokens=tokens_chart(report),
        models=models_table(report),
        tools=named_table("tools", "MCP tools", named.get("mcp", []), detail="Server"),
        commands=named_table("commands", "Commands", named.get("commands", [])),
        repositories=repositories_table(report.repositories, is_one_members=True),
        days=days_table(report),
        incidents=incidents_table(report),
    )


def model_series(report: MemberReport) -> list[Series]:
    """Spend by day of each of the models that cost most, in its own colour, and of all others together."""
    sums: Counter[str] = Counter()
    for day in report.days:
        sums.update({model: float(cents) for model, cents in day.cents.items()})
    top = [model for model, cents in sums.most_common(TOP_MODELS) if cents]
    outliers = [day.is_outlier for day in report.days]

    def series(name: str, slot: str, cents: list[Decimal]) -> Series:
        return Series(name, known(report.period, list(map(dollars, cents))), slot, marks=outliers)

    models = map(report.team.palette.model, top)
    shown = [
        series(model.name, model.slot, [day.cents.get(model.key, Decimal(0)) for day in report.days])
        for model in models
    ]
    if len(sums) > len(top):
        rest = [sum((c for m, c in day.cents.items() if m not in top), Decimal(0)) for day in report.days]
        shown.append(series("Other models", OTHER, rest))
    return shown


def spend_chart(report: MemberReport) -> Chart:
    """Spend by day, stacked by model."""
    days = [day.day for day in report.days]
    average = report.per_day_cents
    return Chart(
        key="spend",
        title="Spend by day and model",
        **day_axis(days, report.period),
        unit="usd",
        stacked=True,
        series=[*model_series(report), *earlier_bars(report.filters, report.all_days)],
        average=None if average is None else dollars(average),
        notes=[
            "An outlier day: more than twice the average of days with spend" if day.is_outlier else ""
            for day in report.days
        ],
        links=day_urls(days),
        caption="Today is still in progress and is not part of the average. Yesterday may still change.",
    )


def tokens_chart(report: MemberReport) -> Chart:
    return Chart(
        key="tokens",
        title="Tokens by day",
        **day_axis([day.day for day in report.days], report.period),
        unit="count",
        stacked=True,
        series=[
            Series(label, known(report.period, [day.tokens[name] for day in report.days]), slot)
            for slot, (name, label) in zip(TOLD_APART, TOKEN_NAMES.items(), strict=False)
        ],
        caption="Tokens read from the cache are the cheapest, and grow with the length of a conversation.",
    )


def models_table(report: MemberReport) -> Table[ModelCost]:
    return Table(
        "models", "Cost by model", [
            Column("model", "Model", lambda m: m.model, "model"),
            USAGE["requests"],
            USAGE["failed"],
            USAGE["rate"],
            USAGE["included"],
            USAGE["billed"],
            USAGE["spend"],
            *change_columns(report.filters.comparison, report.changes.by_model, lambda m: m.model.key),
            Column("share", "Of spend", lambda m: m.spend_share, "share"),
        ],
        model_costs(report.usage, report.team.palette, report.changes.by_model),
        sort="-spend", empty="No requests in this period.",
    )  # fmt: skip


def days_table(report: MemberReport) -> Table[MemberDay]:
    palette = report.team.palette

    def model(day: MemberDay) -> PaletteModel | None:
        return None if day.main_model is None else palette.model(day.main_model)

    def counted(name: str) -> Callable[[MemberDay], object]:
        return lambda day: day.activity.known(name) if day.activity else None

    return Table(
        "days",
        "Activity and spend by day",
        [
            Column("day", "Day", lambda d: d.day, "day"),
            Column("model", "Main model", model, "model"),
            USAGE["requests"],
            USAGE["failed"],
            USAGE["spend"],
            USAGE["billed"],
            Column("added", "Lines added", counted("lines_added"), "count"),
            Column("deleted", "Lines deleted", counted("lines_deleted"), "count"),
            Column("accepts", "Accepts", counted("accepts"), "count", help=MEANINGS["accepts"]),
            Column("tabs", "Tabs", counted("tabs_accepted"), "count"),
            Column("version", "Version", counted("client_version")),
        ],
        report.known_days,
        sort="-day",
        css=lambda day: "marked" if day.is_outlier else "",
    )


def incidents_table(report: MemberReport) -> Table[Incident]:
    return Table(
        "incidents", "Incidents", [
            Column(
                "incident", "Incident", lambda i: i.pk, shown=lambda i: f"#{i.pk}",
                link=lambda i: i.get_absolute_url(), under=flags,
            ),
            Column("message", "What", lambda i: i.sentence, "sentence", sortable=False),
            Column("severity", "Severity", lambda i: i.severity, "flag", shown=severity_flag),
            Column("status", "Status", lambda i: i.status, "flag", shown=status_flag),
            Column("detected", "Detected", lambda i: i.detected_at, "ago"),
            Column("resolved", "Resolved", lambda i: i.resolved_at, "ago"),
        ],
        report.incidents, sort="-detected", empty="No incidents so far.",
    )  # fmt: skip
