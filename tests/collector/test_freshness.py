"""How old what is known is, whoever brought it last."""

from datetime import UTC, datetime, timedelta

import pytest

from collector import freshness
from collector.models import Source, SourceRun

pytestmark = pytest.mark.django_db
NOW = datetime(2026, 9, 16, 15, 4, tzinfo=UTC)
HOUR = timedelta(hours=1)


def make_run(source: str, ago: timedelta, status: str = "ok", **fields) -> None:
    at = NOW - ago
    SourceRun.objects.create(source=source, status=status, started_at=at, finished_at=at, **fields)


def known(source: str) -> freshness.SourceFreshness:
    return next(each for each in freshness.sources(NOW) if each.source == source)


def test_what_the_plan_lacks_is_not_stale_when_it_was_not_asked_again():
    make_run(Source.COMMITS, 2 * HOUR, "unavailable")
    make_run(Source.COMMITS, HOUR, "fresh")
    commits = known("commits")
    assert (commits.is_available, commits.is_stale, commits.last_run_at) == (False, False, NOW - 2 * HOUR)
