"""Actions on many incidents are taken on all of them or on none."""

from __future__ import annotations

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from tests.incidents.factories import make_incident, make_member

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize("other", ["999999", "abc", "²", "9" * 30, "-1", "1\x00", ""])
@pytest.mark.parametrize("action", ["acknowledge", "resolve"])
def test_one_that_is_not_there_keeps_all_from_being_acted_on(client, action, other):
    incident = make_incident(make_member("a@x.io"))
    answer = client.post("/incidents/bulk", {"action": action, "incident": [str(incident.pk), other]})
    incident.refresh_from_db()
    assert (answer.status_code, incident.status) == (404, "open")


def test_one_that_is_ticked_twice_counts_once(client):
    incident = make_incident(make_member("a@x.io"))
    form = {"action": "acknowledge", "incident": [str(incident.pk)] * 2}
    page = client.post("/incidents/bulk", form, follow=True).content.decode()
    assert "1 incident acknowledged." in page and "taken before" not in page


def test_no_more_are_taken_than_one_transaction_should_hold(client):
    incident = make_incident(make_member("a@x.io"))
    form = {"action": "resolve", "incident": [str(incident.pk)] * 201}
    page = client.post("/incidents/bulk", form, follow=True).content.decode()
    incident.refresh_from_db()
    assert "At most 200 incidents at once" in page and incident.status == "open"


def test_all_that_are_ticked_are_found_in_one_query(client):
    incidents = [make_incident(make_member(f"{name}@x.io")) for name in "abcde"]
    form = {"action": "acknowledge", "incident": [incident.pk for incident in incidents]}
    with CaptureQueriesContext(connection) as asked:
        assert client.post("/incidents/bulk", form).status_code == 302
    looked_up = [query["sql"] for query in asked if 'LEFT OUTER JOIN "collector_member"' in query["sql"]]
    assert len([sql for sql in looked_up if 'FROM "incidents_incident"' in sql]) == 1
