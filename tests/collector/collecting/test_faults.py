"""Every way in which an answer can go wrong, over real HTTP: what passes, what fails, and the run after."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest
from django.core.management import CommandError, call_command

from collector.collecting import runs
from collector.collecting.runs import Collection
from collector.collecting.windows import Window
from collector.cursor import events as reading
from collector.cursor.client import CursorClient
from collector.cursor.limits import Limiter
from collector.models import MemberMerge, Source, UsageEvent, Watermark
from sandbox import Sandbox, build_company
from sandbox.faults import KINDS, fault_named

pytestmark = pytest.mark.django_db
NOW = datetime(2026, 9, 16, 15, tzinfo=UTC)
START = NOW - timedelta(days=2)
COMPANY = build_company(members=8, days=4, seed=2, now=NOW, has_stories=False)
# A wrong count is asked about again, in halves.
PASSING = {"429", "429-date", "429-bare", "500", "502", "503", "reset", "truncated", "slow", "wrong-count"}
REASONS = {
    "html": "not JSON",
    "other-json": "totalUsageEventsCount",
    "missing": "usageEvents",
    "null": "usageEvents",
    "empty-page": "empty, yet more were announced",
    "repeated-page": "page 2 repeats page 1",
}


@pytest.fixture
def sandbox() -> Iterator[Sandbox]:
    with Sandbox(COMPANY, enforces_limits=False) as running:
        yield running


def client_of(sandbox: Sandbox) -> CursorClient:
    return CursorClient(
        sandbox.url, sandbox.key, limiter=Limiter(is_unlimited=True), sleep=lambda seconds: None
    )


def run(sandbox: Sandbox, end: datetime):
    collection = Collection(end, client_of(sandbox))
    collection.run(Source.MEMBERS, Window(end, end, end))
    return collection.run(Source.EVENTS, Window(START, end, end))


def stored() -> tuple[int, Decimal]:
    cents = UsageEvent.objects.values_list("charged_cents", flat=True)
    return len(cents), sum(cents, Decimal(0))


def truth(sandbox: Sandbox, end: datetime) -> tuple[int, Decimal]:
    known = sandbox.truth(START, end)
    return known.count, known.charged_cents


@pytest.mark.parametrize("kind", KINDS)
def test_what_passes_is_waited_out_and_what_lies_is_refused_until_the_next_run(sandbox, monkeypatch, kind):
    earlier = NOW - timedelta(hours=3)
    assert run(sandbox, earlier).status == "ok"
    before = stored()
    # A wrong count shows itself where one page is all, the other faults where there are several.
    monkeypatch.setattr(reading, "PAGE_SIZE", 1000 if kind == "wrong-count" else 40)
    sandbox.faults.next(reading.PATH, fault_named(f"{kind}:0"))
    spoilt = run(sandbox, NOW)
    assert sum(sandbox.faults.happened.values()) == 1
    if kind in PASSING:
        assert (spoilt.status, spoilt.error) == ("ok", "")
    else:
        assert spoilt.status == "failed"
        assert REASONS[kind] in spoilt.error
        assert (stored(), Watermark.objects.get(source="events").complete_until_at) == (before, earlier)
        assert run(sandbox, NOW).status == "ok"
    assert stored() == truth(sandbox, NOW)
    assert Watermark.objects.get(source="events").complete_until_at == NOW


def test_a_merge_that_stays_unfinished_is_a_failure_of_the_collection(sandbox, monkeypatch):
    stuck = MemberMerge(gone_email="old@x.example", kept_email="new@x.example")
    monkeypatch.setattr(runs, "finish_merges", lambda now: [stuck])
    report = runs.collect(NOW, client=client_of(sandbox))
    assert UsageEvent.objects.exists() and not report.is_ok
    assert "old@x.example merged into new@x.example stays unfinished" in report.summary


def test_the_command_fails_where_a_merge_stays_unfinished(sandbox, monkeypatch, time_machine):
    time_machine.move_to(NOW)
    monkeypatch.setattr(CursorClient, "from_settings", lambda: client_of(sandbox))
    stuck = MemberMerge(gone_email="old@x.example", kept_email="new@x.example")
    monkeypatch.setattr(runs, "finish_merges", lambda now: [stuck])
    for command in ("collect", "backfill"):
        with pytest.raises(CommandError, match=r"old@x\.example merged into new@x\.example stays unfinished"):
            call_command(command)
        Watermark.objects.all().delete()  # so that the backfill begins with what is current
