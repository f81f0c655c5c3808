"""GET /analytics/ai-code/commits: read until page * pageSize reaches totalCount."""

from datetime import timedelta

from sandbox.company.commits import Commit, commits
from sandbox.company.instants import iso, to_ms
from sandbox.http import Request, Row

from .analytics import named_people
from .ranges import instant_range
from .spelling import title_email

MAX_ROWS = 1000
LONGEST_LAG = timedelta(hours=8)  # from the request that led to a commit to the commit's ingestion


def answer_commits(request: Request) -> Row:
    """The range is one of ingestion times; the vendor does not say which of the two it means."""
    start, end = instant_range(request, "startDate", "endDate")
    end = min(end, request.view.now)
    view = request.view
    events = view.events(to_ms(start - LONGEST_LAG), to_ms(end))
    rows = [row for row in commits(view.company.members, events) if start <= row.created_at <= end]
    if wanted := request.query.get("user"):
        person = named_people([m for m in view.company.members if m.is_human], [wanted])[0]
        rows = [row for row in rows if row.member == person]
    page = request.page(len(rows), maximum=MAX_ROWS)
    items = [_row(row) for row in rows[::-1][page.rows]]
    return {"items": items, "totalCount": page.total, "page": page.number, "pageSize": page.size}


def _row(commit: Commit) -> Row:
    row: Row = {
        "commitHash": commit.hash,
        "userId": commit.member.id,
        "userEmail": title_email(commit.member),
        "repoName": commit.repository,
        "branchName": commit.branch,
        "isPrimaryBranch": commit.is_primary_branch,
        "commitSource": commit.source,
        "totalLinesAdded": commit.added,
        "totalLinesDeleted": commit.deleted,
        "tabLinesAdded": commit.tab_added,
        "tabLinesDeleted": commit.tab_deleted,
        "composerLinesAdded": commit.agent_added,
        "composerLinesDeleted": commit.agent_deleted,
        **_unattributed(commit),
        "message": None,
        "commitTs": iso(commit.committed_at) if commit.committed_at else None,
        "createdAt": iso(commit.created_at),
    }
    if commit.is_primary_branch is None and commit.branch is None:
        del row["isPrimaryBranch"]  # absent as often as null
    return row


def _unattributed(commit: Commit) -> dict[str, int | None]:
    if not commit.has_unattributed:
        return {"nonAiLinesAdded": None, "nonAiLinesDeleted": None}
    return {
        "nonAiLinesAdded": max(0, commit.added - commit.tab_added - commit.agent_added),
        "nonAiLinesDeleted": max(0, commit.deleted - commit.tab_deleted - commit.agent_deleted),
    }
