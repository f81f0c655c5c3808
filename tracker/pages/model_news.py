"""The table of prices that changed and models that were first used."""

from tracker.reports.insights import Insights
from tracker.reports.model_news import ModelNews
from tracker.widgets import formats
from tracker.widgets.metric_help import MEANINGS
from tracker.widgets.tables import SIDE_ROWS, Column, Table


def news_table(report: Insights) -> Table[ModelNews]:
    palette = report.team.palette

    def only(row: ModelNews) -> str:
        return report.filters.query(model=row.model)

    def what(row: ModelNews) -> str:
        if row.ratio is None:
            return "First used"
        return f"{formats.multiple(row.ratio)} the price a token"

    columns: list[Column[ModelNews]] = [
        Column("day", "Day", lambda n: n.day, "day"),
        Column("model", "Model", lambda n: palette.model(n.model), "model", link=only),
        Column("what", "What", what),
        Column("members", "Members since", lambda n: n.members, "count"),
        Column("spent", "Spend since", lambda n: n.spent_cents, "money"),
        Column("extra", "Extra cost since", lambda n: n.extra_cents, "money", help=MEANINGS["price_extra"]),
    ]  # fmt: skip
    empty = "In this period no model's price changed, and no model was used for the first time."
    if report.model_news is None:
        empty = "Prices are looked at by the hourly job, which has not run yet."
    return Table(
        "news", "Prices and models", columns, report.model_news or [],
        page_rows=SIDE_ROWS, sort="-day", empty=empty,
    )  # fmt: skip
