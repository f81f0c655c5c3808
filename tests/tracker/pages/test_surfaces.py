"""Spend by surface, and rates without agents, against sums of the raw events."""

from __future__ import annotations

from collections import defaultdict
from decimal import Decimal

import pytest
from django.db import connection
from django.http import QueryDict

from collector.facts.rollups import recompute_days
from collector.models import AGENT_SURFACES, UsageEvent
from tests.surfaces import surface_for
from tests.tracker.pages import company
from tests.tracker.pages.company import CYCLE_START, FIRST_DAY, NOW, TODAY
from tracker import filters
from tracker.reports.overview import Overview
from tracker.reports.surfaces import Surfaces

ANA = "ana.novak@acme.example"
QUERIES = ["period=30d", "period=cycle", "from=2026-11-02&to=2026-11-13", "group=Data", "model=gpt-5.2"]


@pytest.fixture(scope="module")
def agent_rows(acme_rows, django_db_blocker) -> None:
    """Every event from a surface in turn: agents go on for several events, automations by conversation."""
    with django_db_blocker.unblock():
        take_surfaces_in_turn()
        connection.check_constraints()


@pytest.fixture
def agents(agent_rows, acme) -> None:
    pass


def take_surfaces_in_turn() -> None:
    events = list(UsageEvent.objects.exclude(member__email=company.BOT).order_by("occurred_at", "pk"))
    for index, event in enumerate(events):
        turn = index % 6
        event.is_headless = turn == 1
        event.cloud_agent_id = f"bc-{event.member_id}-{index // 40}" if turn in (2, 3) else ""
        event.automation_id = f"auto-{event.member_id}" if turn == 4 else ""
        event.is_bugbot = turn == 5
    UsageEvent.objects.bulk_update(events, ["is_headless", "cloud_agent_id", "automation_id", "is_bugbot"])
    recompute_days(FIRST_DAY, TODAY, NOW)


def asked_for(query: str) -> filters.Filters:
    return filters.parse_filters(QueryDict(query), NOW)


def events_of(query: str) -> list[UsageEvent]:
    """The raw events of the query's days, group and model."""
    asked = asked_for(query)
    first, last = asked.period.first, asked.period.end
    found = []
    for event in UsageEvent.objects.select_related("member"):
        if asked.period.cycle and event.occurred_at < CYCLE_START:
            continue
        in_group = not asked.group or company.in_group([fact_of(event)], asked.group.path)
        if first <= event.occurred_at.date() <= last and in_group and asked.model in ("", event.model):
            found.append(event)
    return found


def fact_of(event: UsageEvent) -> company.Fact:
    member = event.member
    return company.Fact(member.email, member.name, event.occurred_at, event.model, Decimal(0), False, True, 0)


def is_served(event: UsageEvent) -> bool:
    return event.kind != company.FAILED_KIND


def run_starts() -> dict[tuple[str, ...], UsageEvent]:
    """The first event of each run: of an agent ever, of an automation on a day."""
    first: dict[tuple[str, ...], UsageEvent] = {}
    for event in UsageEvent.objects.select_related("member").order_by("occurred_at", "pk"):
        day = str(event.occurred_at.date())
        if event.cloud_agent_id:
            first.setdefault((event.cloud_agent_id,), event)
        elif event.automation_id:
            first.setdefault((event.automation_id, event.conversation_id, day), event)
    return first


@pytest.mark.parametrize("query", QUERIES)
def test_each_surface_has_what_its_events_add_up_to(agents, query):
    spent, billed, served, users = (
        defaultdict(Decimal),
        defaultdict(Decimal),
        defaultdict(int),
        defaultdict(set),
    )
    for event in events_of(query):
        key = surface_for(event)
        spent[key] += event.charged_cents
        billed[key] += event.charged_cents if event.is_chargeable else 0
        served[key] += is_served(event)
        if is_served(event):
            users[key].add(event.member_id)
    lines = {line.key: line for line in Surfaces(asked_for(query)).lines}
    assert {key: line.totals.total_cents for key, line in lines.items()} == spent
    assert {key: line.totals.billed_cents for key, line in lines.items()} == billed
    assert {key: line.totals.requests for key, line in lines.items()} == served
    assert {key: line.members for key, line in lines.items()} == {key: len(who) for key, who in users.items()}


@pytest.mark.parametrize("query", ["period=30d", "from=2026-11-02&to=2026-11-13"])
def test_runs_are_counted_where_they_began_and_belong_to_their_owner(agents, query):
    period = asked_for(query).period
    runs: dict[tuple[int, str], int] = defaultdict(int)
    for event in run_starts().values():
        if period.first <= event.occurred_at.date() <= period.last:
            runs[event.member_id, surface_for(event)] += 1
    spent, last = defaultdict(Decimal), {}
    for event in events_of(query):
        if surface_for(event) in AGENT_SURFACES:
            key = (event.member_id, surface_for(event))
            spent[key] += event.charged_cents
            last[key] = max(last.get(key, period.first), event.occurred_at.date())
    report = Surfaces(asked_for(query))
    assert {(line.owner.pk, line.key): line.totals.runs for line in report.agents if line.totals.runs} == runs
    assert {(line.owner.pk, line.key): line.totals.total_cents for line in report.agents} == spent
    assert {(line.owner.pk, line.key): line.last_day for line in report.agents} == last
    assert report.totals.runs == sum(runs.values())
    assert report.totals.cents_per_run == sum(spent.values()) / report.totals.runs


def test_the_days_of_the_chart_add_up_to_the_events(agents):
    by_day = Surfaces(asked_for("period=14d")).by_day
    spent: dict = defaultdict(Decimal)
    for event in UsageEvent.objects.select_related("member"):
        if event.occurred_at.date() >= asked_for("period=14d").period.first:
            spent[surface_for(event), event.occurred_at.date()] += event.charged_cents
    assert {(key, day): cents for key, days in by_day.items() for day, cents in days.items()} == spent


@pytest.mark.parametrize("query", QUERIES)
def test_a_rate_per_request_leaves_agents_out(agents, query):
    def rate(events):
        asked = [event for event in events if surface_for(event) not in AGENT_SURFACES]
        return float(sum(event.charged_cents for event in asked)) / sum(map(is_served, asked))

    events = events_of(query)
    report = Overview(asked_for(query))
    assert float(report.team.totals.cents_per_request) == pytest.approx(rate(events))
    of_model = [event for event in events if event.model == "gpt-5.2"]
    cost = next(cost for cost in report.team.model_costs if cost.model.key == "gpt-5.2")
    assert float(cost.totals.cents_per_request) == pytest.approx(rate(of_model))
    member = report.team.members[0]
    of_member = [event for event in events if event.member_id == member.person.pk]
    assert float(member.totals.cents_per_request) == pytest.approx(rate(of_member))


@pytest.mark.parametrize("path", ["/", f"/users/{ANA}"])
def test_a_card_says_that_its_rate_leaves_agents_out(agents, client, path):
    assert "each outside agent runs" in " ".join(client.get(path).text.split())
    UsageEvent.objects.update(cloud_agent_id="", automation_id="")
    recompute_days(FIRST_DAY, TODAY, NOW)
    assert "outside agent runs" not in client.get(path).text


def test_one_surface_alone_can_be_asked_for(agents):
    report = Overview(asked_for("period=30d&surface=cli"))
    spent = sum(e.charged_cents for e in events_of("period=30d") if surface_for(e) == "cli")
    assert report.team.totals.total_cents == spent
    assert sum(day.total_cents for day in report.daily[:-1]) == spent
    assert all(member.totals.requests for member in report.team.members)


def test_a_surface_that_is_none_is_refused(acme, client):
    answer = client.get("/?surface=fax")
    assert answer.status_code == 400
    assert "no surface “fax”" in answer.text


def test_the_page_its_tables_and_the_api_say_the_same(agents, client):
    text = client.get("/surfaces").text
    for name in ("IDE", "CLI", "Cloud agent", "Automation", "Bugbot", "Service account", "Ana Novak"):
        assert name in text
    for key in ("surfaces", "by-surface", "agents"):
        assert client.get(f"/surfaces?csv={key}").status_code == 200
    lines = {line.key: line for line in Surfaces(asked_for("period=30d")).lines}
    answered = {row["surface"]: row for row in client.get("/api/analytics?days=30").json()["surfaces"]}
    assert {key: row["runs"] for key, row in answered.items()} == {
        k: line.totals.runs for k, line in lines.items()
    }
    assert answered["ide"]["messages"] == lines["ide"].totals.requests
