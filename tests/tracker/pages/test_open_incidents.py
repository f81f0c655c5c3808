"""What the overview says about incidents: narrowed by whom they are about, never by what was used."""

from datetime import timedelta

import pytest

from collector.models import Lease, Source, Watermark
from incidents.models import Incident
from tests.tracker.pages import company

ANA, EVA = "ana.novak@acme.example", "eva.novak@acme.example"


def make_watched(known_until=company.NOW):
    """The hourly job has run, and usage is known up to `known_until`."""
    Lease.objects.create(name="pipeline", expires_at=company.NOW)
    Watermark.objects.update_or_create(source=Source.EVENTS, defaults={"complete_until_at": known_until})


def make_open(email=ANA):
    return Incident.objects.create(
        member=company.Member.objects.get(email=email),
        cause="spend",
        severity="critical",
        message="A runaway agent spent $900 in 24 h.",
        detected_at=company.NOW - timedelta(hours=1),
        last_run_at=company.NOW,
    )


def card(client, query=""):
    text = client.get(f"/{query}").text
    return text[text.index("<dt>Open incidents") : text.index("<dt>Active members")]


@pytest.mark.parametrize("query", ["?model=claude-opus-max", "?badge=power-user", "?period=24h"])
def test_an_incident_stays_open_whatever_model_or_badge_is_looked_at(acme, client, query):
    make_watched()
    make_open()
    said = card(client, query)
    assert ">1</a>" in said
    assert "Nothing is wrong" not in said
    assert ("not filter incidents" in said) == ("model" in query or "badge" in query)


@pytest.mark.parametrize("query", ["?group=Data", "?search=eva"])
def test_incidents_outside_a_group_or_a_search_are_counted_in_place(acme, client, query):
    make_watched()
    make_open()
    said = card(client, query)
    assert ">0</a>" in said
    assert f"1 more outside this {query[1:].partition('=')[0]}" in said
    assert "Nothing is wrong" not in said
    assert "tone-good" not in said


def test_incidents_of_a_group_are_those_of_its_members(acme, client):
    make_watched()
    make_open(EVA)
    said = card(client, "?group=Data")
    assert ">1</a>" in said
    assert "outside" not in said


def test_what_was_reopened_is_to_be_acknowledged_again(acme, client):
    make_open()
    make_open(EVA)
    Incident.objects.update(acknowledged_at=company.NOW - timedelta(days=1))
    assert "2 not yet acknowledged" in card(client)
    Incident.objects.update(status="acknowledged")
    assert "all acknowledged" in card(client)


def test_all_is_well_only_where_fresh_figures_were_looked_at(acme, client):
    assert "Detection has not run yet" in card(client)
    assert "Nothing is wrong" not in card(client)
    incident = make_open()
    assert "Detection has not run yet" not in card(client)
    incident.delete()
    make_watched()
    assert "Nothing is wrong" in card(client)
    assert "Nothing is wrong" not in card(client, "?search=eva")


def test_old_news_are_no_good_news(acme, client):
    make_watched(known_until=company.NOW - timedelta(days=3))
    said = card(client)
    assert "No news since 20 Nov 2026, 14:30 UTC" in said
    assert "Nothing is wrong" not in said
    assert "tone-good" not in said
