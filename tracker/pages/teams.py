"""The teams page: a table that folds, and a chart of spend by group."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from decimal import Decimal

from django.http import QueryDict
from django.urls import reverse

from tracker.filters import Filters, period_query
from tracker.pages.changes import earlier_bars
from tracker.pages.days import day_axis, dollars, known
from tracker.reports.teams import TeamRow, TeamsReport
from tracker.widgets import cells
from tracker.widgets.charts import TOLD_APART, Chart, Series
from tracker.widgets.tables import Export, csv_url
from tracker.widgets.trees import Tree, tree

Value = str | int | float | Decimal | None
# A trend line is drawn in a box of this size; the page scales it.
TREND_WIDTH, TREND_HEIGHT = 84, 24


@dataclass(frozen=True)
class TeamLine:
    """One row as the template prints it."""

    row: TeamRow
    url: str
    change: str
    trend: str  # points of a polyline

    kept_query: str  # the period, for links to members

    @property
    def spender_url(self) -> str:
        return self.row.spender[0].url + self.kept_query if self.row.spender else ""

    @property
    def spender_share(self) -> float | None:
        """Of the group's spend."""
        spender, spent = self.row.spender, self.row.spend.total_cents
        return float(spender[1] / spent) if spender and spent else None

    @property
    def path(self) -> str:
        return self.row.option.path

    @property
    def cents(self) -> Decimal:
        return self.row.spend.total_cents


@dataclass(frozen=True)
class TeamsPage:
    report: TeamsReport
    tree: Tree[TeamLine]
    total: TeamLine
    by_group: Chart
    table: TeamsExport
    csv_url: str

    @property
    def exports(self) -> Mapping[str, Export]:
        return {"teams": self.table, "by-group": self.by_group}


@dataclass(frozen=True)
class TeamsExport:
    """The table's CSV: the columns of the page by their names, money in dollars."""

    rows: list[TeamRow]

    @property
    def csv_rows(self) -> list[list[Value]]:
        return [[*COLUMNS], *([value(row) for value in COLUMNS.values()] for row in self.rows)]


def in_dollars(cents: Decimal | float | None) -> float | None:
    return None if cents is None else round(float(cents) / 100, 6)


COLUMNS: dict[str, Callable[[TeamRow], Value]] = {
    "Group": lambda row: row.option.path,
    "Spend (USD)": lambda row: in_dollars(row.spend.total_cents),
    "Before (USD)": lambda row: in_dollars(row.change.before_cents if row.change else None),
    "Change (USD)": lambda row: in_dollars(row.change.cents if row.change else None),
    "Change": lambda row: row.change.ratio if row.change else None,
    "Forecast (USD)": lambda row: in_dollars(row.forecast.expected_cents if row.forecast else None),
    "Seats": lambda row: row.seats,
    "Active": lambda row: row.active,
    "Per active member (USD)": lambda row: in_dollars(row.cents_per_active),
    "On demand": lambda row: row.on_demand_share,
    "Main model": lambda row: row.model.name if row.model else None,
    "Largest spender": lambda row: row.spender[0].name if row.spender else None,
}


def page(report: TeamsReport, query: QueryDict) -> TeamsPage:
    return TeamsPage(
        report=report,
        tree=tree("teams", [line(row, report.filters) for row in report.rows], query),
        total=line(report.total, report.filters),
        by_group=group_chart(report, query),
        table=TeamsExport(report.rows),
        csv_url=csv_url(query, "teams"),
    )


def line(row: TeamRow, filters: Filters) -> TeamLine:
    url = reverse("overview") + filters.query(group=row.option.path, search="", model="", badge="")
    return TeamLine(row, url, cells.change(row.change), trend_points(row.trend), period_query(filters))


def trend_points(cents: list[Decimal]) -> str:
    """`0,24 3,18 …`: the largest day touches the top; nothing where nothing was spent."""
    largest = max(cents, default=Decimal(0))
    if not largest:
        return ""
    step = TREND_WIDTH / max(len(cents) - 1, 1)
    return " ".join(
        f"{index * step:.1f},{TREND_HEIGHT - 1 - float(value / largest) * (TREND_HEIGHT - 2):.1f}"
        for index, value in enumerate(cents)
    )


def group_chart(report: TeamsReport, query: QueryDict) -> Chart:
    """Spend by day of the largest groups at the top, and of all others."""
    period = report.filters.period
    largest = sorted(report.top, key=lambda row: -row.spend.total_cents)[: len(TOLD_APART)]
    others = [row for row in report.top if row not in largest]
    series = [
        Series(
            row.option.label,
            known(period, list(map(dollars, row.daily))),
            TOLD_APART[index],
            link=line(row, report.filters).url,
        )
        for index, row in enumerate(largest)
    ]
    if others:
        sums = [dollars(sum(values)) for values in zip(*(row.daily for row in others), strict=True)]
        series.append(Series("All others", known(period, sums), "other"))
    series += earlier_bars(report.filters, report.days)
    return Chart(
        key="by-group",
        title="Daily spend by group",
        **day_axis(period.shown_days, period),
        unit="usd",
        stacked=True,
        size="tall",
        series=series,
        csv_url=csv_url(query, "by-group"),
    )
