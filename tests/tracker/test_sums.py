"""The sums that the database keeps agree with the rows of days, whoever writes those, once and again."""

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

import pytest
from django.db import connection
from django.db.models import F

from collector.base.money import cents
from collector.base.statements import statement
from collector.collecting.windows import Window
from collector.cursor.events import PATH
from collector.facts.merging import merge_members, preview_merge, undo_merge
from collector.facts.pruning import plan_pruning, prune
from collector.facts.weeks import Weekly, cycle_in_weeks, in_weeks, only_days
from collector.imports.usage import import_usage
from collector.models import (
    BillingCycle,
    DailyActivity,
    Member,
    MemberActivityWeek,
    MemberMerge,
    MemberModelDay,
    MemberModelWeek,
    MemberRequestWeek,
    TeamModelDay,
)
from collector.models.totals import MemberModelDayQuerySet
from collector.sources import events
from groups.assignments.membership import sums_by_group
from groups.models import Assignment, Group
from tests.collector.conftest import client, told  # noqa: F401  fixtures
from tests.collector.fake_api import event, events_page
from tests.collector.imports.rows import ONE, TEAM
from tests.detection.facts import make_day, make_member
from tests.sums import assert_sums_agree
from tests.tracker.imports.old_tracker import ROWS, make_file
from tests.tracker.merged_pair import NOW, make_pair
from tracker.imports.tracker_db import import_tracker_db
from tracker.reports import member_sums, usage
from tracker.reports.sql import fetch

pytestmark = pytest.mark.django_db

START = datetime(2026, 3, 1, 18, 0, tzinfo=UTC)  # a Sunday: the next day is another week's
LATER = datetime(2026, 6, 1, tzinfo=UTC)
AFTER_FILE = datetime(2026, 8, 1, 9, tzinfo=UTC)


@pytest.fixture
def collect(client, told):  # noqa: F811
    def collected(*rows):
        told.tell(PATH, events_page(list(rows)))
        events.sync(client, Window(START, START + timedelta(days=2), NOW))

    return collected


def totals() -> tuple[int, int]:
    return MemberModelWeek.objects.count(), TeamModelDay.objects.count()


def test_collections_late_events_corrections_and_pruning(collect):
    rows = [event(START), event(START + timedelta(hours=9)), event(START, "bo@example.com", isHeadless=True)]
    for told_rows in (
        rows,
        rows,
        [*rows, event(START, model="composer")],
        [event(START, chargedCents=7), *rows[1:]],
    ):
        collect(*told_rows)
        assert_sums_agree()
    assert totals() == (4, 4)
    before = totals()
    prune(plan_pruning(45, LATER), LATER)
    assert_sums_agree()
    assert totals() == before


def test_merges_their_previews_and_their_undoing():
    old, new = make_pair()
    assert_sums_agree()
    preview_merge(old, new, by="ann", now=NOW)
    assert_sums_agree()
    for _ in range(2):
        new = Member.objects.get(email="ida@new.example")
        merge_members(old, new, by="ann", now=NOW)
        assert_sums_agree()
        undo_merge(MemberMerge.objects.get(undone_at=None), by="ann", now=NOW)
        assert_sums_agree()


def test_imports_of_files_once_and_again(tmp_path):
    csv, other = tmp_path / "usage-events.csv", make_file(tmp_path / "tracker.db", ROWS)
    csv.write_text(TEAM + ONE)
    for _ in range(2):
        import_tracker_db(other, NOW)
        assert_sums_agree()
        import_usage(csv, AFTER_FILE)
        assert_sums_agree()
    assert min(totals()) > 0


def test_whatever_is_done_to_rows_by_hand():
    ana, bo = make_member(), make_member("bo@example.com")
    for day in (START.date(), START.date() + timedelta(days=1)):
        make_day(ana, day, "0.123457", surface="ide")
    row = make_day(bo, START.date(), 3, is_after_turn=True)
    rows = MemberModelDay.objects.all()
    for deed in (
        lambda: rows.update(total_cents=F("total_cents") * 3, requests=F("requests") + 1),
        lambda: rows.filter(member=bo).update(member=ana),
        lambda: rows.filter(pk=row.pk).update(day=date(2026, 5, 1), model="composer", surface="cli"),
        lambda: rows.bulk_create([MemberModelDay(**rows.values()[0])], ignore_conflicts=True),
        lambda: rows.filter(surface="ide").delete(),
        lambda: rows.all().delete(),
    ):
        deed()
        assert_sums_agree()
    ana.delete(), bo.delete()
    assert MemberModelWeek.objects.count() == MemberRequestWeek.objects.count() == 0


def test_whatever_is_done_to_activity_by_hand():
    ana, bo = make_member(), make_member("bo@example.com")
    figures = {"is_active": True, "lines_added": 3, "accepts": 2, "applies": 4, "tabs_accepted": 5}
    for day in (START.date(), START.date() + timedelta(days=1)):
        DailyActivity.objects.create(member=ana, day=day, updated_at=NOW, **figures)
    row = DailyActivity.objects.create(member=bo, day=START.date(), updated_at=NOW, is_active=False)
    rows = DailyActivity.objects.all()
    for deed in (
        lambda: rows.update(is_active=True, lines_added=F("lines_added") * 3),
        lambda: rows.filter(day=START.date()).update(is_active=False),
        lambda: rows.filter(pk=row.pk).update(day=date(2026, 5, 1)),
        lambda: rows.filter(pk=row.pk).update(member=ana),
        lambda: rows.bulk_create([DailyActivity(**rows.values()[0])], ignore_conflicts=True),
        lambda: rows.filter(pk=row.pk).delete(),
        lambda: rows.all().delete(),
    ):
        deed()
        assert_sums_agree()
    ana.delete(), bo.delete()
    assert MemberActivityWeek.objects.count() == 0


@pytest.fixture
def seven_weeks() -> BillingCycle:
    """Every day two members with two models, one of them on an agent's surface, and a cycle of five weeks."""
    turn = datetime(2026, 3, 4, 10, tzinfo=UTC)
    members = [make_member(f"m{place}@example.com") for place in range(2)]
    MemberModelDay.objects.bulk_create(
        MemberModelDay(
            member=member, day=turn.date() + timedelta(days=offset), model=model, surface=surface,
            is_after_turn=part, requests=offset % 3 * 2 + place, runs=part, max_mode_requests=1,
            total_cents=Decimal(f"{offset}.{place}00003"), billed_cents=Decimal("0.1"), updated_at=NOW,
            input_tokens=10 + offset, cache_read_tokens=7,
        )
        for place, member in enumerate(members)
        for offset in range(-7, 42)
        for model, surface in (("sonnet", "ide"), ("opus", "cloud_agent"))
        for part in ((False, True) if offset in (0, 35) else (False,))
    )  # fmt: skip
    return BillingCycle.objects.create(start_at=turn, end_at=turn + timedelta(days=35))


def test_weeks_and_days_add_up_to_every_stretch_of_days(seven_weeks):
    first = date(2026, 2, 25)
    for start in range(10):
        for length in range(1, 40):
            span = first + timedelta(days=start), first + timedelta(days=start + length - 1)
            rows = MemberModelDay.objects.between(*span)
            assert_same_sums(in_weeks(*span), rows)


def assert_same_sums(weekly: Weekly, rows: MemberModelDayQuerySet) -> None:
    """By model and by member, and those by member once more without the weeks' way to write them."""
    assert sorted(usage.part_rows(weekly)) == sorted(usage.part_rows(only_days(rows)))
    found, by_days = (member_sums.member_rows(asked)[0] for asked in (weekly, only_days(rows)))
    assert sorted(row for row in found if any(row[1:])) == sorted(by_days)
    assert member_sums.totals_of(found) == member_sums.totals_by_member(statement(rows))


@pytest.mark.parametrize("days", [35, 30, 7, 3])
def test_weeks_and_days_add_up_to_a_cycle_that_turns_within_days(seven_weeks, days):
    seven_weeks.end_at = seven_weeks.start_at + timedelta(days=days)
    rows = MemberModelDay.objects.in_cycle(seven_weeks)
    assert_same_sums(cycle_in_weeks(seven_weeks), rows)


@pytest.mark.parametrize("keys", [("member_id",), ("member_id", "model")])
def test_groups_have_the_same_by_weeks_whoever_moves_within_one(seven_weeks, keys):
    old, new = (Group.objects.create(name=name, created_at=NOW) for name in ("Core", "Apps"))
    stays, moves = Member.objects.order_by("pk")
    for member, group, day in (
        (stays, old, date(2026, 1, 1)),
        (moves, old, date(2026, 1, 1)),
        (moves, new, date(2026, 3, 12)),  # a Thursday
    ):
        Assignment.objects.create(
            member=member, group=group, from_day=day, source="local", changed_by="ann", changed_at=NOW
        )
    first, last = date(2026, 2, 27), date(2026, 3, 28)
    for rows, weekly in (
        (MemberModelDay.objects.between(first, last), in_weeks(first, last)),
        (MemberModelDay.objects.in_cycle(seven_weeks), cycle_in_weeks(seven_weeks)),
    ):
        by_days, by_weeks = (
            sorted(
                (*key, requests, cents(total))
                for *key, (requests, total) in sums_by_group(
                    rows, "requests", "total_cents", keys=keys, weekly=known
                )
            )
            for known in (None, weekly)
        )
        assert len({group for group, *_ in by_days}) == 2
        assert by_weeks == by_days


def test_a_month_reads_whole_weeks_and_few_days(seven_weeks, django_assert_num_queries):
    weekly = in_weeks(date(2026, 2, 27), date(2026, 3, 28))
    parts = [fetch((f"SELECT 1 FROM {rows}", values)) for rows, values in weekly.more + weekly.less]  # noqa: S608
    assert list(map(len, parts)) == [12, 4]
    with django_assert_num_queries(1) as asked:
        usage.part_rows(weekly)
    assert connection.ops.quote_name(MemberModelWeek._meta.db_table) in asked.captured_queries[0]["sql"]


@pytest.mark.parametrize("days", [None, 35, 30, 7, 3])
def test_activity_by_weeks_is_that_of_its_days(seven_weeks, days):
    """Of stretches of days, and of a cycle that turns within its first and last day."""
    first = date(2026, 2, 25)
    for place, member in enumerate(Member.objects.order_by("pk")):
        DailyActivity.objects.bulk_create(
            DailyActivity(
                member=member, day=first + timedelta(days=offset), updated_at=NOW,
                is_active=(offset + place) % 3 > 0, lines_added=offset, accepts=2, applies=3,
                tabs_accepted=place,
            )
            for offset in range(0, 49, 2 - place)
        )  # fmt: skip
    spans = [(first + timedelta(days=start), first + timedelta(days=start + length - 1))
             for start in range(9) for length in (1, 2, 6, 9, 13, 30, 39)]  # fmt: skip
    if days:
        seven_weeks.end_at = seven_weeks.start_at + timedelta(days=days)
        spans = [(seven_weeks.start_at.date(), seven_weeks.end_at.date())]
    for span in spans:
        used = cycle_in_weeks(seven_weeks) if days else in_weeks(*span)
        rows = MemberModelDay.objects.all()
        rows = rows.in_cycle(seven_weeks) if days else rows.between(*span)
        served = {(pk, day) for pk, day in rows.filter(requests__gt=0).values_list("member_id", "day")}
        expected = {}
        for row in DailyActivity.objects.between(*span):
            own = expected.setdefault(row.member_id, [0] * 5)
            counted = (row.is_active, row.lines_added, row.accepts, row.applies, row.tabs_accepted)
            expected[row.member_id] = [a + b for a, b in zip(own, counted, strict=True)]
        expected = {
            pk: (*expected.get(pk, [0] * 5), sum(member == pk for member, _ in served))
            for pk in expected | dict(served)
        }
        used_rows, rows = member_sums.member_rows(used, in_weeks(*span, DailyActivity))
        found, days = member_sums.activities(rows), {pk: served for pk, *_, served, _ in used_rows}
        found = {pk: (*found.get(pk, [0] * 5), days.get(pk, 0)) for pk in found | days}
        assert {pk: own for pk, own in found.items() if any(own)} == {
            pk: own for pk, own in expected.items() if any(own)
        }, span
