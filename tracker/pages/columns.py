"""Columns that the tables of several pages share."""

from typing import Any

from tracker.widgets.metric_help import MEANINGS
from tracker.widgets.tables import Column


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
