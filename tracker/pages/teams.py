"""The teams page: a table that folds, and a chart of spend by group."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal

from django.http import QueryDict
from django.urls import reverse
from markupsafe import Markup

from groups.names import SEPARATOR, key
from tracker.filters import Filters, period_query
from tracker.pages.days import day_axis, dollars, earlier_bars, known
from tracker.reports.teams import TeamRow, Teams
from tracker.widgets import formats
from tracker.widgets.charts import TOLD_APART, Chart, Series
from tracker.widgets.metric_help import MEANINGS
from tracker.widgets.tables import Column, PageParts
from tracker.widgets.trees import Tree

# A trend line is drawn in a box of this size; the page scales it.
TREND_WIDTH, TREND_HEIGHT = 84, 24
TREND = Markup(
    '<svg class="trend" viewBox="0 0 84 24" role="img" aria-label="Spend of the last 28 days, day by day">'
    '<polyline points="%s"/></svg>'
)
MOST = Markup('<a href="%s">%s</a> <span class="soft">%s</span>')
SPEND = f"{MEANINGS['spend']} It belongs to the group that a member was in on the day."
CHANGE = (
    "Against the same number of days before, or the same days of the last cycle. Days in progress are not "
    "compared."
)
FORECAST = (
    "Expected spend of the whole billing cycle, if its remaining days are like those of the last four weeks. "
    "A member with an open incident is expected to go on at the pace of the last three hours until the end "
    "of today."
)
ACTIVE = (
    "People on the team who are in the group now: how many of them made a request in the period while in "
    "it, and how many there are. Service accounts have no seat."
)
PER_ACTIVE = "Spend ÷ people with a request while in the group, whether they are still in it or not."
ON_DEMAND = "The share of the spend that Cursor bills beyond the plan."
SPENDER = "Who spent most in the period while in the group, and the share of its spend."


def page(report: Teams, query: QueryDict) -> PageParts:
    return PageParts(
        query,
        report.filters.now,
        report=report,
        tree=teams_tree(report),
        by_group=group_chart(report),
    )


def teams_tree(report: Teams) -> Tree[TeamRow]:
    kept = period_query(report.filters)
    columns: list[Column[TeamRow]] = [
        Column("group", "Group", lambda row: row.option.path, only_csv=True),
        Column("spend", "Spend", lambda row: row.cents, "money", help=SPEND),
        own_column(report.rows),
        Column(
            "before", "Before", lambda row: row.change and row.change.before_cents, "money", only_csv=True
        ),
        Column(
            "change", "Change", lambda row: row.change and row.change.cents, "change",
            shown=lambda row: row.change, help=CHANGE,
        ),
        Column("change_ratio", "Change", lambda row: row.change and row.change.ratio, only_csv=True),
        Column("forecast", "Forecast", lambda row: row.forecast_cents, "money", help=FORECAST),
        Column("trend", "Last 28 days", lambda row: trend(row.trend), only_page=True),
        Column(
            "active_seats", "Active / seats", lambda row: f"{row.active} / {row.seats}", "figure",
            only_page=True, help=ACTIVE,
        ),
        Column("seats", "Seats", lambda row: row.seats, "count", only_csv=True),
        Column("active", "Active", lambda row: row.active, "count", only_csv=True),
        Column("per_active", "Per active member", lambda row: row.cents_per_active, "money", help=PER_ACTIVE),
        Column("billed", "On demand", lambda row: row.on_demand_share, "percent", help=ON_DEMAND),
        Column("model", "Main model", lambda row: row.model, "model"),
        Column(
            "spender", "Largest spender", lambda row: row.spender[0].name if row.spender else None,
            shown=lambda row: spender(row, kept), help=SPENDER,
        ),
    ]  # fmt: skip
    return Tree(
        "teams", "Spend by group", columns, report.rows,
        link=lambda row: group_url(row, report.filters), foot=report.total,
    )  # fmt: skip


def own_column(rows: Sequence[TeamRow]) -> Column[TeamRow]:
    own, label = own_cents(rows), "Spend without groups below"
    return Column("own", label, lambda row: own[key(row.option.path)], "money", only_csv=True)


def own_cents(rows: Sequence[TeamRow]) -> dict[str, Decimal]:
    """By the key of each group's path, its spend less that of the groups below: these add up to the total."""
    own = {key(row.option.path): row.cents for row in rows}
    for row in rows:
        parent = key(row.option.path).rpartition(SEPARATOR)[0]
        if parent in own:
            own[parent] -= row.cents
    return own


def group_url(row: TeamRow, filters: Filters) -> str:
    return reverse("overview") + filters.query(group=row.option.path, search="", model="", badge="")


def spender(row: TeamRow, kept_query: str) -> Markup | None:
    """Who spent most in the group, and the share of its spend."""
    if row.spender is None:
        return None
    person, cents = row.spender
    share = formats.percent(float(cents / row.cents) if row.cents else None)
    return MOST % (person.url + kept_query, person.name, share)


def trend(cents: list[Decimal]) -> Markup | None:
    """A line whose largest day touches the top; nothing where nothing was spent."""
    largest = max(cents, default=Decimal(0))
    if not largest:
        return None
    step = TREND_WIDTH / max(len(cents) - 1, 1)
    return TREND % " ".join(
        f"{index * step:.1f},{TREND_HEIGHT - 1 - float(value / largest) * (TREND_HEIGHT - 2):.1f}"
        for index, value in enumerate(cents)
    )


def group_chart(report: Teams) -> Chart:
    """Spend by day of the largest groups at the top, and of all others."""
    period = report.filters.period
    largest = sorted(report.top, key=lambda row: -row.spend.total_cents)[: len(TOLD_APART)]
    others = [row for row in report.top if row not in largest]
    series = [
        Series(
            row.option.label,
            known(period, list(map(dollars, row.daily))),
            TOLD_APART[index],
            link=group_url(row, report.filters),
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
    )
