"""The overview's charts and tables."""

from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import timedelta
from itertools import accumulate

from django.http import QueryDict

from collector.base.days import days_between, utc_day
from collector.base.names import current
from collector.facts.forecast import Forecast
from tracker.filters import period_query
from tracker.pages.columns import USAGE, person_columns
from tracker.pages.days import change_columns, day_axis, day_labels, day_urls, dollars, earlier_bars, known
from tracker.reports.badges import ADOPTION
from tracker.reports.cycle import CycleReport
from tracker.reports.member_sums import MemberFigures
from tracker.reports.models import ModelCost
from tracker.reports.overview import Overview, UnusedSeat
from tracker.reports.team import Team
from tracker.widgets import formats
from tracker.widgets.charts import TOLD_APART, Chart, Series
from tracker.widgets.metric_help import MEANINGS
from tracker.widgets.tables import LONG_ROWS, SIDE_ROWS, Column, PageParts, Table

NAMED_OUTLIERS = 5  # in a caption
BAND_MOST = 3  # times as high as the lines


def page(report: Overview, query: QueryDict) -> PageParts:
    return PageParts(
        query,
        report.filters.now,
        report=report,
        daily=daily_chart(report),
        cycle=cycle_chart(report.cycle) if report.cycle else None,
        by_member=by_member_chart(report),
        models=models_table(report),
        unused=unused_table(report),
        members=members_table(report.team),
    )


def daily_chart(report: Overview) -> Chart:
    days, per_day = report.period.shown_days, report.per_day
    included = known(report.period, [dollars(day.total_cents - day.billed_cents) for day in report.daily])
    billed = known(report.period, [dollars(day.billed_cents) for day in report.daily])
    return Chart(
        key="daily",
        title="Daily spend",
        **day_axis(days, report.period),
        unit="usd",
        stacked=True,
        size="tall",
        series=[
            Series("Included in the plan", included, "tone-3", marks=report.outliers),
            Series("On demand", billed, "tone-1", marks=report.outliers),
            *earlier_bars(report.filters, report.days),
        ],
        average=dollars(per_day.total_cents) if per_day else None,
        notes=daily_notes(report),
        links=day_urls(days, report.filters),
        summary=f"Average {formats.money(per_day.total_cents)} a day." if per_day else "",
        caption=daily_caption(report),
    )


def daily_notes(report: Overview) -> list[str]:
    """What each day amounts to, and how it compares with the average and the day before."""
    period, average, notes = report.period, report.per_day.total_cents if report.per_day else None, []
    for day, spent, is_outlier in zip(period.shown_days, report.daily, report.outliers, strict=True):
        if not period.is_known(day):
            notes.append("No data for this day yet")
            continue
        lines = [f"Total {formats.money(spent.total_cents)}, {formats.plural(spent.requests, 'request')}"]
        if average and day != period.today:
            lines.append(f"{formats.multiple(spent.total_cents / average)} the average")
        if is_outlier:
            lines.append("An outlier day: more than twice the average of days with spend")
        notes.append("\n".join(lines))
    return notes


def daily_caption(report: Overview) -> str:
    days = zip(report.period.shown_days, report.daily, report.outliers, strict=True)
    outliers = sorted(((spent.total_cents, day) for day, spent, mark in days if mark), reverse=True)
    sentence = ""
    if report.period.is_current:
        sentence = "Today is still in progress and is not part of the average. Yesterday may still change."
    if report.period.cycle:
        sentence = (
            "The average excludes today and the day on which the cycle began, because neither is a whole day."
        )
    if not outliers:
        return sentence
    names = ", ".join(formats.day(day) for _, day in outliers[:NAMED_OUTLIERS])
    more = f" and {len(outliers) - NAMED_OUTLIERS} more" if len(outliers) > NAMED_OUTLIERS else ""
    return (
        f"{sentence} Outlined: more than twice the average of days with spend, largest first: {names}{more}."
    )


def cycle_chart(cycle: CycleReport) -> Chart:
    """Running totals by day of the cycle: this one, the last one, and where this one is heading.

    A cycle turns within a day, so it touches one day more than it is long; the last one may be longer still.
    """
    start = utc_day(cycle.cycle.start_at)
    days = list(days_between(start, utc_day(cycle.cycle.end_at - timedelta(microseconds=1))))
    length = max(len(days), len(cycle.last_daily))
    short, full = day_labels(days, start + timedelta(days=len(cycle.daily) - 1))
    beyond = [f"Day {number} of the last cycle" for number in range(len(days) + 1, length + 1)]
    series = cycle_series(cycle, length)
    caption = "Spend added up from the start of the cycle. The last cycle is shown day by day beside it."
    ceiling = band_ceiling(series)
    if cycle.forecast and ceiling:
        most = formats.money_short(cycle.forecast.high_cents)
        caption += f" The likely range goes on above the chart, up to {most}."
    return Chart(
        key="cycle",
        title="This cycle so far",
        labels=[*short, *[""] * len(beyond)],
        titles=[*full, *beyond],
        days=[*map(str, days), *beyond],
        unit="usd",
        kind="line",
        size="tall",
        series=series,
        caption=caption,
        ceiling=ceiling,
    )


def cycle_series(cycle: CycleReport, length: int) -> list[Series]:
    """The running totals and the forecast, each with a value or none for `length` days."""
    spent, last = (
        [dollars(cents) for cents in accumulate(day.total_cents for day in days)]
        for days in (cycle.daily, cycle.last_daily)
    )
    series = [Series("This cycle", spent, "tone-2")]
    if cycle.forecast:
        series += forecast_series(cycle.forecast, spent)
    if last:
        series.append(Series("Last cycle", last, "other"))
    return [replace(line, values=[*line.values, *[None] * (length - len(line.values))]) for line in series]


def forecast_series(forecast: Forecast, spent: list[float]) -> list[Series]:
    """The forecast and its band, from the last point of `spent`: today's, or yesterday's on the last day."""
    skipped = 1 if len(forecast.path) > 1 else 0
    actual = spent[: len(spent) - 1 + skipped]
    low, high = zip(*forecast.band, strict=True)
    before = [*[None] * (len(actual) - 1), *actual[-1:]]
    lines = [
        [*before, *map(dollars, cents[skipped:])] for cents in (low, high, [c for _, c in forecast.path])
    ]
    return [
        Series("Likely at least", lines[0], "tone-2", band="low"),
        Series("Likely at most", lines[1], "tone-2", band="high"),
        Series("Forecast", lines[2], "tone-2", dashed=True),
    ]


def band_ceiling(series: Sequence[Series]) -> float | None:
    """A band many times as high as the lines would press them flat: where it is cut; None where it is not."""
    high, lines = (
        max(
            (value for each in series if (each.band == "high") == is_high for value in each.values if value),
            default=0,
        )
        for is_high in (True, False)
    )
    return float(f"{2 * lines:.1g}") if high > BAND_MOST * lines else None


def by_member_chart(report: Overview) -> Chart:
    period = period_query(report.filters)
    series = [
        Series(
            band.person.name if band.person else "All others",
            known(report.period, [round(cents / 100, 2) for cents in band.cents]),
            TOLD_APART[index] if band.person else "other",
            link=band.person.url + period if band.person else "",
        )
        for index, band in enumerate(report.daily_by_member)
    ]
    series += earlier_bars(report.filters, report.days)
    return Chart(
        key="by-member",
        title="Daily spend by member",
        **day_axis(report.period.shown_days, report.period),
        unit="usd",
        stacked=True,
        series=series,
    )


def models_table(report: Overview) -> Table[ModelCost]:
    """Model and members lead to the overview of that model alone."""
    filters, changes = report.filters, report.team.changes.by_model

    def only(row: ModelCost) -> str:
        return filters.query(model=row.model.key)

    columns: list[Column[ModelCost]] = [
        Column("model", "Model", lambda m: m.model, "model", link=only),
        USAGE["rate"],
        USAGE["spend"],
        *change_columns(filters.comparison, changes, lambda m: m.model.key),
        Column("share", "Of spend", lambda m: m.spend_share, "share"),
        Column("relative", "Vs. team", lambda m: m.relative, "multiple", help=MEANINGS["relative"]),
        Column("members", "Members", lambda m: m.members, "count", link=only, help=MEANINGS["model_members"]),
        USAGE["requests"],
        USAGE["context"],
        replace(USAGE["runs"], only_csv=True),
        USAGE["per_run"],
    ]
    return Table(
        "models", "Model cost comparison", columns, report.team.model_costs,
        sort="-rate", page_rows=SIDE_ROWS, empty="No requests in this period.",
    )  # fmt: skip


def unused_table(report: Overview) -> Table[UnusedSeat]:
    columns: list[Column[UnusedSeat]] = [
        *person_columns(lambda s: s.person, label="Name"),
        Column("group", "Group", lambda s: s.group or None),
        Column("since", "On the team since", lambda s: s.since, "day", help=MEANINGS["since"]),
        Column("last", "Last request", lambda s: s.last_day, "day"),
    ]
    return Table(
        "unused", "Seats nobody used", columns, report.unused_seats,
        sort="last", page_rows=SIDE_ROWS, empty="Every seat was used.",
    )  # fmt: skip


def place(key: str, label: str, value: Callable[[MemberFigures], int | None]) -> Column[MemberFigures]:
    return Column(key, label, value, "count", help=MEANINGS[key], is_place=True)


MEMBER_COLUMNS: list[Column[MemberFigures]] = [
    Column("name", "Name", lambda m: m.person.name, under=lambda m: m.person.email_below),
    Column("email", "E-mail", lambda m: m.person.email, only_csv=True),
    USAGE["spend"],
    replace(USAGE["billed"], only_csv=True),
    USAGE["requests"],
    USAGE["rate"],
    replace(USAGE["runs"], only_csv=True),
    replace(USAGE["per_run"], only_csv=True),
    USAGE["context"],
    Column("group", "Group", lambda m: m.group or None),
    Column("model", "Main model", lambda m: m.main_model, "model", help=MEANINGS["main_model"]),
    Column("lines", "Lines", lambda m: m.activity.lines_added, "count", help=MEANINGS["lines"]),
    Column("days", "Active days", lambda m: m.active_days, "count", help=MEANINGS["active_days"]),
    Column(
        "adoption",
        "Adoption",
        lambda m: m.adoption,
        "count",
        under=lambda m: m.adoption_badge.label if m.adoption_badge else "",
        help=MEANINGS["adoption"],
    ),
    Column(
        "badges",
        "Badges",
        lambda m: m.badges,
        "badges",
        shown=lambda m: [badge for badge in m.badges if badge not in ADOPTION],
    ),
    place("spend_rank", "Spend rank", lambda m: m.spend_rank),
    place("activity_rank", "Request rank", lambda m: m.activity_rank),
]


def members_table(team: Team) -> Table[MemberFigures]:
    """The name leads to the member's page over the same period."""
    period = period_query(team.filters)
    change: list[Column[MemberFigures]] = change_columns(
        team.filters.comparison, team.changes.by_member, lambda m: m.person.pk
    )
    shown = [column for column in MEMBER_COLUMNS if current().shows_ranks or not column.is_place]
    name, email, spend, *others = shown
    judged = f"They judge {team.period.short}, against the team in the same days."
    others = [replace(column, help=judged) if column.key == "badges" else column for column in others]
    columns = [replace(name, link=lambda m: m.person.url + period), email, spend, *change, *others]
    return Table(
        "members", "Members", columns, team.listed,
        sort="-spend", ordered="-spend", make=team.member, row_choices=LONG_ROWS,
        css=lambda member: "" if member.active_days or member.totals.total_cents else "faded",
        empty="No member matches these filters.",
    )  # fmt: skip
