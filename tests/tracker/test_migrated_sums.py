"""The sums of what was written before a migration made them, and of an older version again."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest
from django.core.management import call_command
from django.db import connection
from django.db.migrations.executor import MigrationExecutor
from django.db.models import F

from collector.models import MemberActivityWeek, MemberModelDay, MemberRequestWeek, TeamModelDay
from tests.detection.facts import make_day, make_member
from tests.sums import assert_sums_agree
from tests.tracker.merged_pair import NOW

START = datetime(2026, 3, 1, 18, 0, tzinfo=UTC)  # a Sunday


@pytest.mark.django_db(transaction=True)
def test_the_migration_fills_what_was_there_before_and_may_be_repeated():
    call_command("migrate", "collector", "0018", verbosity=0)
    before = MigrationExecutor(connection).loader.project_state(("collector", "0018_spend_by_model")).apps
    try:
        ana = make_member()
        for back in range(20):
            day = START.date() - timedelta(days=back)
            make_day(ana, day, Decimal("0.1"), surface="ide")
            rows = before.get_model("collector", "DailyActivity").objects
            rows.create(member_id=ana.pk, day=day, is_active=True, updated_at=NOW)
    finally:
        call_command("migrate", "collector", verbosity=0)
    assert_sums_agree()
    assert TeamModelDay.objects.count() == 20
    assert MemberActivityWeek.objects.count() == MemberRequestWeek.objects.count() == 3
    for target in ("0024", "0019"):
        call_command("migrate", "collector", target, verbosity=0)
        MemberModelDay.objects.update(requests=F("requests") + 9)
        call_command("migrate", "collector", verbosity=0)
        assert_sums_agree()


@pytest.mark.django_db(transaction=True)
def test_a_version_before_whole_numbers_finds_the_sums_it_kept():
    ana = make_member()
    make_day(ana, START.date(), Decimal("0.1"), requests=2, surface="ide")
    call_command("migrate", "collector", "0024", verbosity=0)
    state = MigrationExecutor(connection).loader.project_state(("collector", "0024_unread_counts"))
    weeks = state.apps.get_model("collector", "MemberModelWeek").objects
    days = state.apps.get_model("collector", "MemberRequestWeek").objects
    try:
        MemberModelDay.objects.update(requests=F("requests") + 5, total_cents=Decimal("0.3"))
        assert list(weeks.values_list("requests", "total_cents")) == [(7, Decimal("0.3"))]
        assert list(days.values_list("saturday", "sunday", "day_rows")) == [(0, 1, 1)]
    finally:
        call_command("migrate", "collector", verbosity=0)
    assert_sums_agree()
