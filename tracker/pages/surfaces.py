"""The surfaces page: where requests come from, by day, and the owners of agents and automations."""

from decimal import Decimal

from django.http import QueryDict

from tracker.filters import SURFACES, period_query
from tracker.pages.columns import USAGE, person_columns
from tracker.pages.days import change_columns, day_axis, day_urls, dollars, earlier_bars, known
from tracker.reports.surfaces import AgentLine, SurfaceLine, Surfaces
from tracker.widgets.charts import TOLD_APART, Chart, Series
from tracker.widgets.metric_help import MEANINGS
from tracker.widgets.palette import OTHER, surface_name
from tracker.widgets.tables import Column, PageParts, Table

# Each surface keeps its colour, whichever others there are.
COLOURS = dict(zip(SURFACES, TOLD_APART, strict=True))


def page(report: Surfaces, query: QueryDict) -> PageParts:
    return PageParts(
        query,
        report.filters.now,
        report=report,
        surfaces=surfaces_table(report),
        by_day=surfaces_chart(report),
        agents=agents_table(report),
    )


def surfaces_table(report: Surfaces) -> Table[SurfaceLine]:
    def only(line: SurfaceLine) -> str:
        return report.filters.query(surface=line.key) if line.key else ""

    columns: list[Column[SurfaceLine]] = [
        Column("surface", "Surface", lambda s: surface_name(s.key), link=only),
        USAGE["spend"],
        *change_columns(report.filters.comparison, report.team.changes.by_surface, lambda s: s.key),
        USAGE["billed"],
        Column("share", "Of spend", lambda s: s.spend_share, "share"),
        Column("members", "Members", lambda s: s.members, "count"),
        USAGE["requests"],
        USAGE["rate"],
        Column("runs", "Runs", lambda s: s.totals.runs or None, "count", help=MEANINGS["runs"]),
        USAGE["per_run"],
    ]
    return Table(
        "surfaces", "Spend by surface", columns, report.lines,
        sort="-spend", empty="No request in this period.",
    )  # fmt: skip


def surfaces_chart(report: Surfaces) -> Chart:
    days = report.period.shown_days
    shown = [key for key in (*SURFACES, "") if key in report.by_day]

    def series(key: str) -> Series:
        spent = [dollars(report.by_day[key].get(day, Decimal(0))) for day in days]
        link = report.filters.query(surface=key) if key else ""
        return Series(surface_name(key), known(report.period, spent), COLOURS.get(key, OTHER), link=link)

    return Chart(
        key="by-surface",
        title="Daily spend by surface",
        **day_axis(days, report.period),
        unit="usd",
        stacked=True,
        series=[*map(series, shown), *earlier_bars(report.filters, report.earlier_days)],
        links=day_urls(days, report.filters),
    )


def agents_table(report: Surfaces) -> Table[AgentLine]:
    period = period_query(report.filters)
    columns: list[Column[AgentLine]] = [
        *person_columns(lambda a: a.owner, "owner", "Owner", period),
        Column("surface", "Kind", lambda a: surface_name(a.key)),
        USAGE["runs"],
        Column("requests", "Requests", lambda a: a.totals.requests, "count"),
        Column("spend", "Spend", lambda a: a.totals.total_cents, "money"),
        USAGE["per_run"],
        Column("last", "Last used", lambda a: a.last_day, "day"),
        Column("thread", "Busiest", lambda a: a.thread or None, help=MEANINGS["busiest"]),
    ]
    return Table(
        "agents", "Agents and automations by owner", columns, report.agents,
        page_rows=25, sort="-spend",
        empty="No cloud agent or automation ran in this period.",
    )  # fmt: skip
