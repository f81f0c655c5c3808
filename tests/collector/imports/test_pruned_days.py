"""Importing a file for a pruned day says that its totals no longer change."""

from __future__ import annotations

from datetime import UTC, date, datetime

import pytest

from collector.imports.usage import import_usage
from collector.models import MemberModelDay, Pruning

HEAD = (
    "Date,User,Kind,Model,Max Mode,Input (w/ Cache Write),Input (w/o Cache Write),Cache Read,Output Tokens,"
    "Total Tokens,Cost\n"
)


@pytest.mark.django_db
@pytest.mark.parametrize(("day", "is_said"), [("2026-03-05", True), ("2026-04-01", False)])
def test_the_report_says_it_only_where_days_are_pruned(tmp_path, day, is_said):
    now = datetime(2026, 6, 1, tzinfo=UTC)
    Pruning.objects.create(first_day=date(2026, 3, 1), last_day=date(2026, 3, 31), started_at=now)
    file = tmp_path / "usage.csv"
    file.write_text(f"{HEAD}{day}T10:00:00.000Z,new@x.io,On-Demand,sonnet,No,1,1,1,1,4,12.50\n")
    lines = list(import_usage(file, now).lines)
    said = "2026-03-01 to 2026-03-31 is pruned: the totals of these days can no longer change"
    assert (said in lines) is is_said
    assert MemberModelDay.objects.exists() is not is_said
