"""Columns that the tables of several pages share."""

from collections.abc import Callable
from typing import Any

from tracker.reports.people import Person
from tracker.widgets.metric_help import MEANINGS
from tracker.widgets.tables import Column, Row


def usage_column(key: str, label: str, figure: str, kind: str) -> Column[Any]:
    return Column(key, label, lambda row: getattr(row.totals, figure), kind, help=MEANINGS[key])


# Of whatever has `totals`, by their keys.
USAGE: dict[str, Column[Any]] = {
    column.key: column
    for column in (
        usage_column("spend", "Spend", "total_cents", "money"),
        usage_column("billed", "On demand", "billed_cents", "money"),
        usage_column("included", "Included", "included_cents", "money"),
        usage_column("requests", "Requests", "requests", "count"),
        usage_column("failed", "Failed", "failed_requests", "count"),
        usage_column("rate", "$/request", "cents_per_request", "rate"),
        usage_column("runs", "Runs", "runs", "count"),
        usage_column("per_run", "$/run", "cents_per_run", "rate"),
        usage_column("context", "Context", "context_tokens", "count_short"),
    )
}


def person_columns(
    person: Callable[[Row], Person], key: str = "name", label: str = "Member", query: str = ""
) -> list[Column[Row]]:
    """Who a row is about, leading to the member's page with `query`; in a CSV the address as well."""
    return [
        Column(key, label, lambda row: person(row).name, link=lambda row: person(row).url + query),
        Column("email", "E-mail", lambda row: person(row).email, only_csv=True),
    ]
