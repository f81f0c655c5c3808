"""The insights page's charts and tables."""

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import date
from typing import Any

from django.http import QueryDict

from tracker.filters import period_query
from tracker.pages.columns import USAGE, person_columns
from tracker.pages.days import change_columns, day_axis, known
from tracker.pages.lists import named_table, repositories_table
from tracker.pages.model_news import news_table
from tracker.reports.insights import Insights
from tracker.reports.models import ModelCost
from tracker.reports.people import Person
from tracker.reports.plan import Exhaustion
from tracker.reports.savings import Saving
from tracker.reports.versions import Client, Version
from tracker.widgets import formats
from tracker.widgets.cells import Flag
from tracker.widgets.charts import Chart, Series
from tracker.widgets.metric_help import MEANINGS
from tracker.widgets.palette import OTHER
from tracker.widgets.tables import SIDE_ROWS, Column, PageParts, Table, query_string_with

RANKED = 5
Figure = Callable[[ModelCost], float]
Words = Callable[[float], str]


def page(report: Insights, query: QueryDict) -> PageParts:
    named = report.tools_by_metric
    return PageParts(
        query,
        report.filters.now,
        report=report,
        rankings=rankings(report),
        savings=savings_table(report),
        plan=plan_table(report),
        buckets=buckets_chart(report, query),
        models=models_table(report),
        news=news_table(report),
        shares=shares_chart(report),
        active=active_chart(report),
        tools=named_table("tools", "MCP tools", named.get("mcp", []), detail="Server"),
        commands=named_table("commands", "Commands", named.get("commands", [])),
        extensions=named_table("extensions", "File extensions", report.extensions),
        versions=versions_table(report),
        behind=behind_table(report),
        repositories=repositories_table(report.repositories),
    )


def member_columns(report: Insights) -> list[Column[Any]]:
    """Of a row's `member_id`, over the same period, with the address below the name."""
    people = report.team.people

    def person(row: Saving | Exhaustion | Client) -> Person:
        return people[row.member_id]

    name, email = person_columns(person, query=period_query(report.filters))
    return [replace(name, under=lambda row: person(row).email_below), email]


def savings_table(report: Insights) -> Table[Saving]:
    columns: list[Column[Saving]] = [
        *member_columns(report),
        Column("model", "On", lambda s: s.model, "model"),
        Column("requests", "Requests", lambda s: s.requests, "count"),
        Column("spent", "Cost", lambda s: s.spent, "money"),
        Column("instead", "Instead", lambda s: s.instead, "model"),
        Column(
            "off_bill", "Off the bill", lambda s: s.off_bill[1], "money_range", shown=lambda s: s.off_bill,
            only_page=True, help=MEANINGS["off_bill"],
        ),
        Column("off_bill_low", "Off the bill, from", lambda s: s.off_bill[0], "money", only_csv=True),
        Column("off_bill_high", "Off the bill, to", lambda s: s.off_bill[1], "money", only_csv=True),
        Column(
            "of_plan", "Of the plan", lambda s: s.of_plan[1], "money_range", shown=lambda s: s.of_plan,
            only_page=True, help=MEANINGS["of_plan"],
        ),
        Column("of_plan_high", "Of the plan, up to", lambda s: s.of_plan[1], "money", only_csv=True),
    ]  # fmt: skip
    return Table(
        "savings", "Savings by member and model", columns, report.savings,
        page_rows=SIDE_ROWS, sort="-off_bill",
        empty="Nobody uses a model that costs at least twice as much per token as another the team uses.",
    )  # fmt: skip


def plan_table(report: Insights) -> Table[Exhaustion]:
    within = "Everybody is still within the plan in this cycle."
    columns: list[Column[Exhaustion]] = [
        *member_columns(report),
        Column("cycle_day", "Day of the cycle", lambda e: e.cycle_day, "count", help=MEANINGS["exhaustion"]),
        Column("day", "On", lambda e: e.day, "day"),
        Column("requests", "Requests on demand since", lambda e: e.billed_requests, "count"),
    ]
    return Table(
        "plan", "Members with an exhausted plan", columns, report.exhaustions,
        page_rows=SIDE_ROWS, sort="cycle_day",
        empty=within if report.cycle else f"{report.filters.no_cycle}.",
    )  # fmt: skip


def buckets_chart(report: Insights, query: QueryDict) -> Chart:
    return Chart(
        key="buckets",
        title="When plans were exhausted",
        labels=[label for label, _ in report.exhaustion_buckets],
        label_head="Days of the cycle",
        unit="count",
        size="short",
        horizontal=True,
        series=[Series("Members", [count for _, count in report.exhaustion_buckets], "tone-2")],
        links=bucket_links(report, query),
    )


def bucket_links(report: Insights, query: QueryDict) -> list[str]:
    """Of each bucket, where its first member stands in the table of plans; none of an empty one."""
    links, before = [], 0
    for _, count in report.exhaustion_buckets:
        place = {"plan.sort": "cycle_day", "plan.page": before // SIDE_ROWS + 1}
        links.append(f"{query_string_with(query, place)}#plan" if count else "")
        before += count
    return links


def models_table(report: Insights) -> Table[ModelCost]:
    def only(row: ModelCost) -> str:
        return report.filters.query(model=row.model.key)

    def in_max_mode(row: ModelCost) -> int:
        return report.max_mode_requests[row.model.key]

    columns: list[Column[ModelCost]] = [
        Column("model", "Model", lambda m: m.model, "model", link=only),
        USAGE["requests"],
        Column("members", "Members", lambda m: m.members, "count"),
        Column("share", "Of requests", lambda m: m.request_share, "share"),
        USAGE["rate"],
        USAGE["runs"],
        USAGE["per_run"],
        Column("max", "Max mode", in_max_mode, "count", help=MEANINGS["max_mode"]),
        USAGE["spend"],
        *change_columns(report.filters.comparison, report.team.changes.by_model, lambda m: m.model.key),
    ]
    return Table(
        "models", "Model usage", columns, report.team.model_costs,
        sort="-requests", empty="No requests in this period.",
    )  # fmt: skip


def shares_chart(report: Insights) -> Chart:
    """Shares of served requests by day; the models not named are added up, so that a day makes 100 %."""
    days, requests, top = report.period.shown_days, report.daily.requests, report.top_models
    totals, others = Counter[date](), Counter[date]()
    for (day, model), count in requests.items():
        totals[day] += count
        others[day] += 0 if model in top else count

    def share(counts: list[int]) -> list[float | None]:
        pairs = zip(days, counts, strict=True)
        return [100 * count / totals[day] if totals[day] else None for day, count in pairs]

    series = []
    for key in top:
        shown = report.team.palette.model(key)
        counts = [requests.get((day, key), 0) for day in days]
        series.append(Series(shown.name, share(counts), shown.slot, link=report.filters.query(model=key)))
    rest = [others[day] for day in days]
    if any(rest):
        series.append(Series("Other models", share(rest), OTHER))
    return Chart(
        key="shares",
        title="Share of requests by model",
        **day_axis(days, report.period),
        unit="percent",
        stacked=True,
        series=series,
        caption="Days without a request are empty.",
    )


def active_chart(report: Insights) -> Chart:
    days = report.period.shown_days
    return Chart(
        key="active",
        title="Daily active members",
        **day_axis(days, report.period),
        unit="count",
        kind="line",
        series=[
            Series("Active, as Cursor counts", known(report.period, report.daily_active), "tone-1"),
            Series("With a request", known(report.period, report.daily_requesters), "tone-3"),
        ],
        average=report.mean_daily_active,
        caption="The average is of Cursor's count over the whole days shown, weekends included.",
    )


def versions_table(report: Insights) -> Table[Version]:
    columns: list[Column[Version]] = [
        Column("version", "Version", lambda v: v.version),
        Column("state", "State", lambda v: state(v).label, "flag", shown=state, help=MEANINGS["behind"]),
        Column("members", "Members", lambda v: v.members, "count"),
        Column("share", "Share", lambda v: v.share, "share"),
    ]
    return Table(
        "versions", "Client versions", columns, report.versions,
        page_rows=SIDE_ROWS, sort="-members", empty="No version is known.",
    )  # fmt: skip


def state(version: Version) -> Flag:
    if version.is_newest:
        return Flag("newest", "good")
    return Flag("behind", "warning") if version.is_behind else Flag("current", "plain")


def behind_table(report: Insights) -> Table[Client]:
    columns: list[Column[Client]] = [
        *member_columns(report),
        Column("version", "Version", lambda c: c.version),
        Column("day", "Last seen", lambda c: c.day, "day"),
    ]
    return Table(
        "behind", "Members on an old version", columns, report.behind,
        page_rows=SIDE_ROWS, sort="version",
        empty="Nobody is behind." if report.clients else "No version is known.",
    )  # fmt: skip


@dataclass(frozen=True)
class Ranking:
    """A short list of models by one figure; `top` is what its bars are measured by: lists of one figure
    have one scale."""

    title: str
    # With the figure, as shown and as a bar takes it, and a link.
    rows: list[tuple[ModelCost, str, float, str]]
    top: float


def rankings(report: Insights) -> list[Ranking]:
    """Largest spend, cheapest and most expensive requests; small models are ranked too."""
    costs = report.team.model_costs

    def ranking(title: str, ordered: list[ModelCost], figure: Figure, shown: Words) -> Ranking:
        rows = [
            (cost, shown(figure(cost)), figure(cost), report.filters.query(model=cost.model.key))
            for cost in ordered[:RANKED]
        ]
        return Ranking(title, rows, max(map(figure, ordered), default=0.0))

    rated = [cost for cost in costs if cost.totals.cents_per_request is not None]
    expensive = sorted(rated, key=rate, reverse=True)
    return [
        ranking("Largest spend", sorted(costs, key=spend, reverse=True), spend, formats.money),
        ranking("Most expensive requests", expensive, rate, formats.rate),
        ranking("Cheapest requests", expensive[::-1], rate, formats.rate),
    ]


def spend(cost: ModelCost) -> float:
    return float(cost.totals.total_cents)


def rate(cost: ModelCost) -> float:
    return float(cost.totals.cents_per_request or 0)
