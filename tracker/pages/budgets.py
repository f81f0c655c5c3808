"""The table of all budgets of a billing cycle."""

from collections.abc import Sequence

from tracker.reports.budgets import BudgetLine
from tracker.widgets.tables import LONG_ROWS, Column, Table


def budgets_table(lines: Sequence[BudgetLine]) -> Table[BudgetLine]:
    columns: list[Column[BudgetLine]] = [
        Column("owner", "Budget of", lambda line: line.state.owner.name, link=lambda line: line.url),
        Column("email", "E-mail", lambda line: line.state.owner.email, only_csv=True),
        Column("scope", "For", lambda line: str(line.state.owner.scope)),
        Column("spent", "Spent", lambda line: line.state.spent_cents, "money"),
        Column("budget", "Budget", lambda line: line.state.budget_cents, "money"),
        Column("share", "Share", lambda line: line.state.ratio, "share"),
        Column("pace", "Forecast", lambda line: line.pace, sortable=False),
        Column("limit", "Limit in Cursor", lambda line: line.limit_cents, "money"),
    ]
    empty = "No budget is set. An administrator can set budgets in the admin."
    return Table("budgets", "Budgets", columns, lines, sort="-share", row_choices=LONG_ROWS, empty=empty)
