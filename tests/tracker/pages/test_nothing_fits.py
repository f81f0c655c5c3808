"""What a page says where its filters leave nothing, and before anything was looked at."""

from datetime import timedelta

import pytest

from collector.models import Source, SourceRun
from groups.models import Group
from tests.tracker.pages import company
from tests.tracker.pages.test_open_incidents import make_open, make_watched


@pytest.mark.parametrize("path", ["/", "/insights"])
@pytest.mark.parametrize("query", ["search=nobody+at+all", "model=zzz", "group=Empty"])
def test_filters_that_leave_nothing_say_so_and_offer_to_be_cleared(acme, client, path, query):
    Group.objects.create(name="Empty", created_at=company.NOW)
    text = client.get(f"{path}?period=7d&{query}").text
    assert "Nothing fits these filters" in text
    assert f'href="{path}?period=7d">Clear the filters</a>' in text
    for wrong in ("$0.00", "A forecast needs", "Everybody is still within", "Nobody spent anything"):
        assert wrong not in text


def test_a_model_that_nobody_ever_used_is_named(acme, client):
    assert "No usage of the model “zzz” is known" in client.get("/?model=zzz").text
    assert "No usage of the model" not in client.get("/?model=gpt-5.2").text


def test_an_empty_group_is_named(acme, client):
    Group.objects.create(name="Empty", created_at=company.NOW)
    assert "Nobody in the group “Empty” has a seat" in client.get("/?group=Empty").text


def test_what_is_wrong_is_shown_even_where_nothing_fits(acme, client):
    make_open()
    assert "A runaway agent" in client.get("/?model=zzz").text


def test_members_who_spent_nothing_have_nothing_to_forecast_from(acme, client):
    text = client.get("/?search=gail").text
    assert "No spend to base a forecast on" in text
    assert "A forecast needs" not in text


def test_the_first_collection_lasts_until_events_were_read(acme, client, settings):
    settings.CURSOR_ADMIN_API_KEY = "key_of_a_test"
    at = company.NOW - timedelta(minutes=5)
    SourceRun.objects.create(source=Source.MEMBERS, status="ok", started_at=at, finished_at=at)
    assert "First collection." in client.get("/").text
    SourceRun.objects.create(source=Source.EVENTS, status="ok", started_at=at, finished_at=at)
    assert "First collection." not in client.get("/").text


def unresolved(client, query=""):
    text = client.get(f"/incidents{query}").text
    return text[text.index("<dt>Unresolved") - 40 : text.index("<dt>MTTD")]


def test_incidents_are_not_called_none_before_anybody_looked(acme, client):
    assert "Detection has not run yet" in unresolved(client)
    assert "tone-good" not in unresolved(client)
    make_watched()
    assert "tone-good" in unresolved(client)
    assert "tone-good" not in unresolved(client, "?search=eva")


def test_filters_that_do_not_narrow_incidents_are_kept_and_named(acme, client):
    text = client.get("/incidents?model=gpt-5.2&badge=power-user&period=7d").text
    assert "Model and badge do not filter incidents" in text
    assert '<input type="hidden" name="model" value="gpt-5.2">' in text
    assert '<input type="hidden" name="badge" value="power-user">' in text
    assert 'href="/?period=7d&amp;model=gpt-5.2&amp;badge=power-user"' in text


def test_the_incidents_page_says_its_days_and_how_fresh_it_is_and_refreshes_itself(acme, client):
    text = client.get("/incidents?period=7d").text
    assert (
        "16 Nov 2026 to 22 Nov 2026: 7 whole days (UTC), and today; what is unresolved, however old" in text
    )
    assert 'id="freshness"' in text
    assert "data-refresh" in text
    assert "There is no group “Nobody”" in client.get("/incidents?group=Nobody").text


def test_a_tick_outlives_a_refresh(acme, client):
    incident = make_open()
    assert f'id="tick-{incident.pk}" hx-preserve' in client.get("/incidents").text
