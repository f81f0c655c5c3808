"""What changed since the period before, or since the same days of the last cycle, from the raw events."""

from __future__ import annotations

import csv
from collections import defaultdict
from collections.abc import Callable
from datetime import date, datetime, timedelta
from decimal import Decimal
from io import StringIO

import pytest
from django.http import QueryDict

from collector.models import MemberModelDay, UsageEvent
from tests.surfaces import surface_for
from tests.tracker.pages import company
from tests.tracker.pages.company import CYCLE_START, LAST_START, NOW, TODAY
from tracker import filters
from tracker.reports.insights import Insights
from tracker.reports.member import MemberReport
from tracker.reports.overview import Overview
from tracker.reports.surfaces import Surfaces
from tracker.reports.teams import Teams

MIDNIGHT = NOW.replace(hour=0, minute=0)
MONTH = timedelta(days=31)  # from the start of the last cycle to that of this one


def days_ago(days: int) -> datetime:
    return MIDNIGHT - timedelta(days=days)


# What is asked for, and the two stretches of time that it compares.
ASKED = {
    "period=7d&compare=before": (days_ago(7), days_ago(0), days_ago(14), days_ago(7)),
    "period=14d&compare=cycle": (days_ago(14), days_ago(0), days_ago(14) - MONTH, days_ago(0) - MONTH),
    "from=2026-10-30&to=2026-11-08&compare=cycle": (
        days_ago(24), days_ago(14), days_ago(24) - MONTH, days_ago(14) - MONTH,
    ),
    "period=cycle&compare=cycle": (CYCLE_START, days_ago(0), LAST_START, days_ago(0) - MONTH),
    "period=cycle&compare=before": (CYCLE_START, days_ago(0), LAST_START, days_ago(0) - MONTH),
}  # fmt: skip


def asked_for(query: str) -> filters.Filters:
    return filters.parse_filters(QueryDict(query), NOW, known_until=NOW)


def expected(query: str, key: Callable, keep: Callable = lambda event: True) -> dict:
    """(spend compared, spend before) by `key` of the raw events, wherever there was any."""
    start, end, before_start, before_end = ASKED[query]
    sums: dict = defaultdict(lambda: [Decimal(0), Decimal(0)])
    for event in filter(keep, UsageEvent.objects.select_related("member")):
        for index, (first, last) in enumerate(((start, end), (before_start, before_end))):
            if first <= event.occurred_at < last:
                sums[key(event)][index] += event.charged_cents
    return {value: tuple(spent) for value, spent in sums.items() if any(spent)}


def fact_of(event: UsageEvent) -> company.Fact:
    return company.Fact(event.member.email, "", event.occurred_at, event.model, Decimal(0), False, True, 0)


def found(changes) -> dict:
    return {key: (change.compared_cents, change.before_cents) for key, change in changes.items()}


@pytest.mark.parametrize("query", ASKED)
def test_members_models_and_surfaces_change_by_what_their_events_add_up_to(acme, query):
    overview = Overview(asked_for(query))
    assert found(overview.team.changes.by_member) == expected(query, lambda event: event.member_id)
    by_model = expected(query, lambda event: event.model)
    assert found(overview.team.changes.by_model) == by_model
    assert found(Insights(asked_for(query)).team.changes.by_model) == by_model
    assert found(Surfaces(asked_for(query)).team.changes.by_surface) == expected(query, surface_for)


@pytest.mark.parametrize("query", ASKED)
def test_a_member_and_the_teams_change_as_their_events_do(acme, query):
    ana = company.Member.objects.get(email="ana.novak@acme.example")
    of_ana = expected(query, lambda event: event.model, lambda event: event.member_id == ana.pk)
    assert found(MemberReport(ana, asked_for(query)).changes.by_model) == of_ana

    by_group = expected(query, lambda event: fact_of(event).group)
    rows = {row.option.path: row.change for row in Teams(asked_for(query)).rows}
    assert {path: found({path: rows[path]})[path] for path in by_group} == by_group


@pytest.mark.parametrize("query", ASKED)
def test_each_bar_has_the_earlier_day_behind_it(acme, client, query):
    by_day = expected(query, lambda event: event.occurred_at.date())
    held = asked_for(query).comparison
    shift = held.first - held.earlier_first
    rows = list(csv.reader(StringIO(client.get(f"/?{query}&csv=daily").text.lstrip("\ufeff"))))
    assert rows[0][-1] == f"Before: {held.days} (USD)"
    for day, *_, before in rows[1:]:
        earlier = date.fromisoformat(day) - shift
        spent = by_day.get(earlier, (0, 0))[1]
        if date.fromisoformat(day) == TODAY:
            assert before == ""
        else:
            assert float(before) == pytest.approx(float(spent) / 100, abs=0.006)


def test_group_and_model_narrow_both_sides(acme):
    query = "period=7d&compare=before"
    team = Overview(asked_for(f"{query}&model=claude-sonnet")).team
    of_model = expected(query, lambda event: event.member_id, lambda event: event.model == "claude-sonnet")
    assert found(team.changes.by_member) == of_model


def test_who_spent_only_before_is_listed_so_that_changes_add_up(acme):
    hal = company.Member.objects.get(email=company.LEAVER)
    MemberModelDay.objects.filter(member=hal, day__gte=days_ago(7).date()).delete()
    overview = Overview(asked_for("period=7d&compare=before"))
    assert hal.pk in {member.person.pk for member in overview.team.members}
    assert hal.pk not in {member.person.pk for member in Overview(asked_for("period=7d")).team.members}


def test_a_chargeback_changes_by_group_and_member_since_the_cycle_before(acme, client):
    query = "period=cycle&compare=cycle"
    by_member = expected(query, lambda event: (fact_of(event).group, event.member.email))
    text = client.get("/chargeback?compare=cycle&csv=members").text.lstrip("\ufeff")
    head, *rows = csv.reader(StringIO(text))
    assert head[3:7] == ["Total (USD)", "Before (USD)", "Change (USD)", "Change"]
    assert rows
    for group, _, email, _, before, change, *_ in rows:
        compared, earlier = by_member[group, email]
        assert float(before) * 100 == pytest.approx(float(earlier), abs=0.001)
        assert float(change) * 100 == pytest.approx(float(compared - earlier), abs=0.001)
    assert "Compared with 4 Oct to 22 Oct 2026" in client.get("/chargeback?compare=cycle").text
    last = client.get("/chargeback?cycle=2026-10-04&compare=cycle").text
    assert "No cycle before is known" in last


@pytest.mark.parametrize("path", ["/", "/insights", "/surfaces", "/teams", "/users/ana.novak@acme.example"])
def test_the_pages_say_what_they_compare_and_keep_to_their_queries(
    acme, client, path, django_assert_max_num_queries
):
    client.get(path)
    for compare in ("before", "cycle"):
        with django_assert_max_num_queries(20):
            text = client.get(f"{path}?period=cycle&compare={compare}").text
        assert "Compared with 4 Oct to 22 Oct 2026" in text
        assert ">Change<" in text


@pytest.mark.parametrize("page", ["/incidents", "/savings"])
def test_a_page_that_compares_nothing_says_nothing_of_a_comparison(acme, client, page):
    text = client.get(f"{page}?period=7d&compare=before").text
    assert "Compared with" not in text
    assert "Compare with" not in text
    assert "Compared with" in client.get("/?period=7d&compare=before").text


def test_nothing_is_compared_with_days_that_nobody_knows(acme, client):
    text = client.get("/?period=30d&compare=cycle").text
    assert "No data for the days to compare with" in text
    assert client.get("/?compare=year").status_code == 400


def test_the_csv_has_both_sides_and_the_change(acme, client):
    text = client.get("/?period=7d&compare=before&csv=members").text.lstrip("\ufeff")
    head, *rows = csv.reader(StringIO(text))
    assert head[2:6] == ["Spend (USD)", "Before (USD)", "Change (USD)", "Change"]
    for row in rows:
        assert float(row[4]) == pytest.approx(float(row[2]) - float(row[3]), abs=1e-5)
