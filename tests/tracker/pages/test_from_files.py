"""A team without a key, whose usage comes from the dashboard's CSV alone: what runs and pages say."""

from datetime import timedelta

import pytest
from django.core.management import call_command

from collector.models import BillingCycle, Source, SourceRun
from tests.tracker.pages.company import NOW
from tracker import pipeline

TOKENS = "Input (w/ Cache Write),Input (w/o Cache Write),Cache Read,Output Tokens,Total Tokens"
ROWS = f"""Date,User,Kind,Model,{TOKENS},Cost
2026-11-23T09:00:00.000Z,ada@example.com,On-Demand,claude-4.5-sonnet,100,200,300,50,650,0.42
2026-11-23T10:00:00.000Z,ada@example.com,On-Demand,claude-4.5-sonnet,100,200,300,50,650,-0.10
"""


@pytest.fixture
def imported(db, at_now, settings, tmp_path):
    settings.CURSOR_ADMIN_API_KEY = ""
    file = tmp_path / "usage.csv"
    file.write_text(ROWS)
    call_command("import_usage_csv", file)


def test_the_hourly_job_is_no_failure_without_a_key(imported):
    report = pipeline.run(NOW)
    assert report.steps[0].summary == "no key: usage comes from imported files"
    assert [step.name for step in report.steps if not step.is_ok] == []
    late = pipeline.run(NOW + timedelta(hours=9))  # too old for detection, and so no news is no good news
    assert [step.name for step in late.steps if not step.is_ok] == ["detect"]


def test_a_key_that_went_missing_is_a_failure(imported):
    at = NOW - timedelta(hours=1)
    SourceRun.objects.create(
        source=Source.EVENTS, status="ok", started_at=at, finished_at=at, window_end_at=at
    )
    assert not pipeline.run(NOW).steps[0].is_ok


def test_pages_say_where_usage_comes_from_and_claim_nothing_of_what_no_file_holds(imported, client):
    overview, insights, ada = (client.get(path).text for path in ("/", "/insights", "/users/ada@example.com"))
    assert "Usage comes from imported files." in overview
    assert "No Cursor key." not in overview
    assert "--cycle-start DAY" in overview
    assert "--cycle-start DAY" in client.get("/chargeback").text
    for wrong in ("Everybody is still within", "nobody in this cycle", "Nobody is behind", "$0.00 to $0.00"):
        assert wrong not in insights
    assert insights.count("No billing cycle is known yet") == 2
    assert "No requests in this cycle" not in ada
    assert ">ada@example.com</span>" not in overview  # below a name that is the address itself


def test_an_address_that_stands_for_a_name_is_listed_once(imported, client):
    BillingCycle.objects.create(start_at=NOW - timedelta(days=9), end_at=NOW + timedelta(days=21))
    insights = client.get("/insights").text
    assert ">ada@example.com</a>" in insights  # her plan is exhausted
    assert ">ada@example.com</span>" not in insights
