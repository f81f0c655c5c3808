"""Daily totals of cursor-usage-tracker that have no events."""

from datetime import UTC, date, datetime

import pytest

from collector.models import BillingCycle, MemberModelDay
from tests.tracker.imports.old_tracker import ROWS, make_file
from tracker.imports.tracker_db import import_tracker_db

pytestmark = pytest.mark.django_db
AT = datetime(2026, 3, 20, 9, tzinfo=UTC)


def test_a_cycles_first_day_without_events_is_spent_in_that_cycle(tmp_path):
    """The file names cycles by their first day: they begin at its midnight."""
    spent = [{"date": day, "email": "bob@x.io", "spend_cents": 100} for day in ("2026-02-12", "2026-02-13")]
    import_tracker_db(make_file(tmp_path / "tracker.db", ROWS | {"daily_spend": spent}), AT)
    cycle = BillingCycle.objects.get(start_at=datetime(2026, 2, 13, tzinfo=UTC))
    days = MemberModelDay.objects.in_cycle(cycle).filter(member__email="bob@x.io")
    assert list(days.values_list("day", "total_cents")) == [(date(2026, 2, 13), 100)]
