"""How long the way of a figure to the overview is: the functions of ours that one request enters."""

from __future__ import annotations

import sys
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path

import pytest
import time_machine
from django.conf import settings
from django.core.cache import caches
from django.db import connection
from django.test.utils import CaptureQueriesContext

from collector.models import BillingCycle, Member, MemberModelDay, Source, SourceRun, Watermark

NOW = datetime(2026, 11, 30, 12, tzinfo=UTC)
PACKAGES = ("collector", "config", "detection", "groups", "incidents", "templates", "tracker")
# What a visitor's request enters with nothing kept. Lower them whenever the way gets shorter.
MOST_FUNCTIONS, MOST_FILES = 285, 62


@pytest.fixture
def one_member(db):
    """One member with usage of two models on each of the last 49 days, known up to five minutes ago."""
    read_at = NOW - timedelta(minutes=5)
    begun_at, turned_at = NOW - timedelta(days=60), NOW - timedelta(days=15)
    ann = Member.objects.create(email="ann@example.com", name="Ann", first_seen_at=begun_at, last_seen_at=NOW)
    BillingCycle.objects.create(start_at=turned_at - timedelta(days=30), end_at=turned_at)
    BillingCycle.objects.create(start_at=turned_at, end_at=turned_at + timedelta(days=30))
    for days in range(1, 50):
        for model in ("default", "claude-4.5-sonnet"):
            MemberModelDay.objects.create(
                member=ann, day=(NOW - timedelta(days=days)).date(), model=model, surface="ide",
                total_cents=Decimal(100 + days), billed_cents=Decimal(50), requests=5, billed_requests=2,
                updated_at=NOW,
            )  # fmt: skip
    SourceRun.objects.create(
        source=Source.EVENTS, status=SourceRun.RunStatus.OK, started_at=read_at, finished_at=read_at,
        window_start_at=begun_at, window_end_at=read_at,
    )  # fmt: skip
    Watermark.objects.create(source=Source.EVENTS, complete_from_at=begun_at, complete_until_at=read_at)
    with time_machine.travel(NOW, tick=False):
        yield


def forget() -> None:
    for name in settings.CACHES:
        caches[name].clear()


def entered_by(work: Callable[[], object]) -> set[tuple[str, str]]:
    """Every function of ours that `work` enters, with its file; no comprehension and no lambda."""
    root, entered = settings.BASE_DIR, set[tuple[str, str]]()

    def note(frame, event: str, argument: object) -> None:
        code = frame.f_code
        path = Path(code.co_filename)
        if event != "call" or code.co_name.startswith("<") or not path.is_relative_to(root):
            return
        if path.relative_to(root).parts[0] in PACKAGES:
            entered.add((str(path.relative_to(root)), code.co_qualname))

    before = sys.getprofile()
    sys.setprofile(note)
    try:
        work()
    finally:
        sys.setprofile(before)
    return entered


def test_the_overview_enters_few_functions_in_few_files(client, one_member):
    assert client.get("/").status_code == 200  # the first makes settings, colours and statements
    forget()
    entered = entered_by(lambda: client.get("/"))
    assert ("tracker/reports/usage.py", "asked_usage") in entered
    assert len(entered) <= MOST_FUNCTIONS
    assert len({file for file, _ in entered}) <= MOST_FILES


def test_the_overview_asks_the_database_little(client, one_member):
    client.get("/")
    forget()
    with CaptureQueriesContext(connection) as cold:
        client.get("/")
    with CaptureQueriesContext(connection) as warm:
        client.get("/")
    assert (len(cold) <= 20, len(warm) <= 8) == (True, True), (len(cold), len(warm))
