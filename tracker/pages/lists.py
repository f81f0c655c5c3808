"""Tables that the insights page and a member's page share."""

from collections.abc import Sequence

from tracker.reports.tools import Named, Repository
from tracker.widgets.metric_help import MEANINGS
from tracker.widgets.tables import SIDE_ROWS, Column, Table


def named_table(key: str, caption: str, rows: Sequence[Named], *, detail: str = "") -> Table[Named]:
    """Tools, commands or extensions; `detail` heads the second name where there is one."""
    columns: list[Column[Named]] = [Column("name", "Name", lambda n: n.name)]
    if detail:
        columns.append(Column("detail", detail, lambda n: n.detail))
    columns.append(Column("count", "Uses", lambda n: n.count, "count"))
    if any(row.members is not None for row in rows):
        columns.append(Column("members", "Members", lambda n: n.members, "count"))
    columns.append(Column("share", "Share", lambda n: n.share, "share"))
    empty = "None was used in this period, or your plan does not report it."
    return Table(key, caption, columns, rows, sort="-count", empty=empty, page_rows=SIDE_ROWS)


def repositories_table(rows: Sequence[Repository], *, is_one_members: bool = False) -> Table[Repository]:
    members: Column[Repository] = Column("members", "Members", lambda r: r.members, "count")
    columns: list[Column[Repository]] = [
        Column("name", "Repository", lambda r: r.name),
        Column("commits", "Commits", lambda r: r.commits, "count"),
        *([] if is_one_members else [members]),
        Column("lines", "Lines added", lambda r: r.lines, "count"),
        Column("ai", "Of them by AI", lambda r: r.ai_lines, "count", help=MEANINGS["ai_lines"]),
        Column("share", "AI share", lambda r: r.ai_share, "share"),
    ]
    empty = "No commits are known for this period, or your plan does not report them."
    return Table(
        "repositories", "Repositories", columns, rows, sort="-lines", empty=empty, page_rows=SIDE_ROWS
    )
