from datetime import UTC, date, datetime
from typing import Any

import pytest

from collector.collecting.windows import Window
from collector.models import AiCodeCommit, Doubt, Member, RejectedRow
from collector.sources import commits

pytestmark = pytest.mark.django_db
END = datetime(2026, 9, 16, 15, 4, tzinfo=UTC)
WINDOW = Window(datetime(2026, 9, 15, tzinfo=UTC), END, END)


def commit(number: int = 1, **fields: Any) -> dict[str, Any]:
    return {
        "commitHash": f"hash{number}",
        "userId": "user_1",
        "userEmail": "Ana@x.com",
        "repoName": "acme/app",
        "branchName": None,
        "commitSource": "ide",
        "totalLinesAdded": 120,
        "nonAiLinesAdded": None,
        "commitTs": "2026-09-15T23:59:59.000Z",
        "createdAt": "2026-09-16T00:00:30.000Z",
    } | fields


def answer(*items: dict, total: int | None = None) -> dict[str, Any]:
    return {"items": list(items), "totalCount": len(items) if total is None else total, "page": 1}


def table() -> list[tuple]:
    rows = AiCodeCommit.objects.order_by("commit_hash")
    return list(
        rows.values_list("member__email", "commit_hash", "day", "lines_added", "unattributed_lines_added")
    )


def test_a_commit_is_stored_once_on_its_own_day(told, client):
    told.tell(commits.PATH, answer(commit()))
    for new in (1, 0):
        assert commits.sync(client, WINDOW).new == new
        assert table() == [("ana@x.com", "hash1", date(2026, 9, 15), 120, None)]


def test_the_commits_of_an_imported_day_replace_what_the_import_knew_of_it(told, client):
    ana, bo = (
        Member.objects.create(email=email, first_seen_at=END, last_seen_at=END)
        for email in ("ana@x.com", "bo@x.com")
    )
    for member, day in ((ana, 15), (ana, 14), (bo, 15)):
        on = date(2026, 9, day)
        AiCodeCommit.objects.create(
            commit_hash=commits.imported_hash(on),
            member=member,
            day=on,
            ingested_at=END,
            updated_at=END,
            lines_added=200,
        )
    told.tell(commits.PATH, answer(commit(1), commit(2)))
    for _ in range(2):
        commits.sync(client, WINDOW)
        assert table() == [
            ("ana@x.com", "hash1", date(2026, 9, 15), 120, None),
            ("ana@x.com", "hash2", date(2026, 9, 15), 120, None),
            ("ana@x.com", "tracker-2026-09-14", date(2026, 9, 14), 200, None),
            ("bo@x.com", "tracker-2026-09-15", date(2026, 9, 15), 200, None),
        ]


def test_a_commit_without_a_time_counts_when_it_was_ingested(told, client):
    told.tell(commits.PATH, answer(commit(commitTs=None)))
    commits.sync(client, WINDOW)
    assert table()[0][2] == date(2026, 9, 16)


def test_an_amended_commit_keeps_its_newest_figures_in_any_order(told, client):
    older, newer = commit(), commit(totalLinesAdded=150, createdAt="2026-09-16T08:00:00.000Z")
    for rows in ((older, newer), (newer, older), (older,)):
        told.tell(commits.PATH, answer(*rows))
        commits.sync(client, WINDOW)
        assert [row[3] for row in table()] == [150]


def test_a_count_of_lines_that_cannot_be_read_stays_as_it_was(told, client):
    for lines, unattributed in ((120, 30), (-1, "some")):
        told.tell(commits.PATH, answer(commit(totalLinesAdded=lines, nonAiLinesAdded=unattributed)))
        commits.sync(client, WINDOW)
        assert [each[3:] for each in table()] == [(120, 30)]
    assert {doubt.where for doubt in Doubt.objects.all()} == {"totalLinesAdded", "nonAiLinesAdded"}


def test_the_last_day_of_a_week_of_history_is_asked_for_to_its_end(told, client):
    told.tell(commits.PATH, answer())
    commits.sync(client, Window(datetime(2026, 9, 3, tzinfo=UTC), END, END))
    assert [(asked["startDate"], asked["endDate"]) for asked in told.asked[commits.PATH]] == [
        ("2026-09-03", "2026-09-10"),
        ("2026-09-10", "now"),
    ]


def test_a_new_address_takes_its_commits_along_and_leaves_others_theirs(told, client):
    Member.objects.create(email="ana@x.com", cursor_id="user_1", first_seen_at=END, last_seen_at=END)
    told.tell(commits.PATH, answer(commit(), commit(userId="user_2", userEmail="bo@x.com")))
    commits.sync(client, WINDOW)
    told.tell(commits.PATH, answer(commit(userEmail="ann@x.com")))
    commits.sync(client, WINDOW)
    assert sorted(row[0] for row in table()) == ["ana@x.com", "bo@x.com"]
    assert Member.objects.by_address("ann@x.com").email == "ana@x.com"


def test_pages_shorter_than_asked_for_are_read_to_the_last(told, client):
    pages = [answer(*rows, total=3) | {"pageSize": 2} for rows in ([commit(1), commit(2)], [commit(3)])]
    told.tell(commits.PATH, *pages)
    assert commits.sync(client, WINDOW).new == 3
    assert [asked["page"] for asked in told.asked[commits.PATH]] == ["1", "2"]


def test_a_count_that_does_not_add_up_is_a_doubt(told, client):
    told.tell(commits.PATH, answer(commit(), total=2))
    assert commits.sync(client, WINDOW).noted == 1
    assert len(table()) == 1
    assert Doubt.objects.values_list("announced", "counted").get() == ("2", "1")


def test_a_commit_without_an_address_is_its_authors_by_id(told, client):
    Member.objects.create(email="ana@x.com", cursor_id="user_1", first_seen_at=END, last_seen_at=END)
    told.tell(commits.PATH, answer(commit(userEmail=None), commit(2, userId=None, userEmail=None)))
    commits.sync(client, WINDOW)
    assert [row[0] for row in table()] == ["ana@x.com", "unattributed"]


@pytest.mark.parametrize("fields", [{"commitHash": None}, {"commitTs": None, "createdAt": "x"}])
def test_a_commit_without_hash_or_time_is_rejected_alone(told, client, fields):
    told.tell(commits.PATH, answer(commit() | fields, commit(2)))
    commits.sync(client, WINDOW)
    assert [row[1] for row in table()] == ["hash2"]
    assert RejectedRow.objects.count() == 1
