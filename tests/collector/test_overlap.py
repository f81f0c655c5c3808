"""Two collectors that both believe to be alone: a lease that expired may still have an owner."""

import threading
from datetime import UTC, datetime, timedelta

import pytest
from django.db import connection
from django.db.models import Sum

from collector.cursor import events as reading
from collector.cursor.client import CursorClient
from collector.cursor.limits import Limiter
from collector.models import MemberModelDay, UsageEvent
from collector.sandbox import Sandbox, build_company
from collector.sync import events
from collector.windows import Window

NOW = datetime(2026, 9, 16, 15, tzinfo=UTC)
COMPANY = build_company(members=10, days=4, seed=4, now=NOW)


@pytest.mark.postgres
@pytest.mark.django_db(transaction=True)
def test_two_that_write_at_once_leave_every_event_once_and_whole_totals(monkeypatch):
    monkeypatch.setattr(reading, "LARGEST_PART", 60)
    monkeypatch.setattr(reading, "AIM", 30)
    failures: list[BaseException] = []

    def read(client: CursorClient, hours: int) -> None:
        try:
            events.sync(client, Window(NOW - timedelta(hours=hours), NOW, NOW))
        except BaseException as error:
            failures.append(error)
        finally:
            connection.close()

    with Sandbox(COMPANY, enforces_limits=False) as sandbox:
        clients = [
            CursorClient(sandbox.url, sandbox.key, limiter=Limiter(is_unlimited=True)) for _ in range(3)
        ]
        threads = [
            threading.Thread(target=read, args=(client, hours))
            for client, hours in zip(clients, (96, 96, 60), strict=True)
        ]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        truth = sandbox.truth(NOW - timedelta(hours=96), NOW)
    assert failures == []
    assert UsageEvent.objects.count() == truth.count
    assert MemberModelDay.objects.aggregate(cents=Sum("total_cents"))["cents"] == truth.charged_cents
