"""Two collectors that both believe to be alone: a lease that expired may still have an owner."""

import contextlib
import threading
from datetime import UTC, datetime, timedelta

import pytest
from django.db import connection
from django.db.models import Sum

from collector.base.upsert import writing
from collector.collecting import runs
from collector.collecting.windows import Window
from collector.cursor.client import CursorClient
from collector.cursor.limits import Limiter
from collector.facts import rollups
from collector.models import MemberModelDay, Source, SourceRun, UsageEvent
from collector.sources import events
from sandbox import Sandbox, build_company

MIDNIGHT = datetime(2026, 9, 16, tzinfo=UTC)
NOON, EVENING = MIDNIGHT + timedelta(hours=13), MIDNIGHT + timedelta(hours=22)
COMPANY = build_company(members=10, days=4, seed=4, now=EVENING)


@pytest.mark.postgres
@pytest.mark.django_db(transaction=True)
def test_two_that_write_one_day_at_once_leave_every_event_and_whole_totals(monkeypatch):
    with writing():
        pass  # the row that writers wait for is there from now on
    both_have_written = threading.Barrier(2, timeout=2)
    recompute = rollups.recompute

    def wait_for_the_other(*arguments) -> None:
        with contextlib.suppress(threading.BrokenBarrierError):
            both_have_written.wait()
        recompute(*arguments)

    monkeypatch.setattr(rollups, "recompute", wait_for_the_other)
    failures: list[BaseException] = []

    def read(client: CursorClient, window: Window) -> None:
        try:
            events.sync(client, window)
        except BaseException as error:
            failures.append(error)
        finally:
            connection.close()

    with Sandbox(COMPANY, enforces_limits=False) as sandbox:
        threads = [
            threading.Thread(
                target=read,
                args=(
                    CursorClient(sandbox.url, sandbox.key, limiter=Limiter(is_unlimited=True)),
                    Window(start, end, EVENING),
                ),
            )
            for start, end in ((MIDNIGHT, NOON), (NOON, EVENING))
        ]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        truth = sandbox.truth(MIDNIGHT, EVENING)
    assert failures == []
    assert UsageEvent.objects.count() == truth.count
    assert MemberModelDay.objects.aggregate(cents=Sum("total_cents"))["cents"] == truth.charged_cents


@pytest.mark.postgres
@pytest.mark.django_db(transaction=True)
def test_a_source_whose_connection_is_lost_is_recorded_as_failed_for_the_others_to_go_on(monkeypatch):
    def lose(*arguments: object) -> None:
        connection.cursor().execute("SELECT pg_terminate_backend(pg_backend_pid())")

    monkeypatch.setitem(runs.SYNCS, Source.GROUPS, lose)
    with Sandbox(COMPANY, enforces_limits=False) as sandbox:
        collection = runs.Collection(NOON, CursorClient(sandbox.url, sandbox.key))
        collection.run(Source.GROUPS, Window(NOON, NOON, NOON))
    assert SourceRun.objects.get().status == SourceRun.RunStatus.FAILED
