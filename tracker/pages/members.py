"""The table of members."""

from collections.abc import Callable
from dataclasses import replace

from collector.base.names import current
from tracker.filters import period_query
from tracker.pages.columns import USAGE
from tracker.pages.days import change_columns
from tracker.reports.badges import ADOPTION
from tracker.reports.team import MemberFigures, Team
from tracker.widgets.metric_help import MEANINGS
from tracker.widgets.tables import LONG_ROWS, Column, Table


def place(key: str, label: str, value: Callable[[MemberFigures], int | None]) -> Column[MemberFigures]:
    return Column(key, label, value, "count", help=MEANINGS[key], is_place=True)


COLUMNS: list[Column[MemberFigures]] = [
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
    shown = [column for column in COLUMNS if current().shows_ranks or not column.is_place]
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
