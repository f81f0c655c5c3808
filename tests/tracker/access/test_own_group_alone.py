"""What a viewer who may see only the own group finds of everybody else: nothing."""

import pytest

from collector.base.statements import Statement, prepared, statement
from collector.models import Member, SourceRun
from groups.models import Group
from incidents import lifecycle
from incidents.lifecycle import Actor
from incidents.lifecycle.delivery import undelivered
from incidents.models import Incident, Notification, Origin
from tests.incidents.factories import make_anomaly, make_channel, make_incident
from tests.tracker.api import conftest as api_fixtures
from tests.tracker.api.company import NOW, YESTERDAY, put
from tracker.models import AccessSettings

people = api_fixtures.people

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("people")]


@pytest.fixture
def ann(sign_in):
    AccessSettings.objects.create(viewers_see="own", default_role="viewer")
    return sign_in("viewer", "ann@company.com")


def test_the_settings_page_hands_out_no_groups(ann):
    assert "Eng &gt; Web" not in ann.get("/settings").content.decode()
    assert ann.get("/settings?csv=groups").status_code == 400


def test_no_filter_offers_or_finds_a_group_that_nobody_they_see_was_in(ann, people):
    put(people["Ann"], Group.objects.create(name="Ops", created_at=NOW), YESTERDAY)
    for address in ("/", "/incidents", "/insights", "/surfaces", "/?group=we"):
        assert "Web" not in ann.get(address).text, address
    assert "There is no group" in ann.get("/?group=Eng+%3E+Web").text
    offered = ann.get("/").text
    assert 'value="Ops"' in offered and 'value="Eng &gt; Core"' in offered
    assert ann.get("/api/analytics?group=Eng+%3E+Web").status_code == 404


def test_the_incident_that_names_who_is_at_the_limit_is_not_theirs(ann):
    said = {"cause": "limit", "message": "1 member has reached the spend limit: Bob"}
    incident, budget = team_incident(**said), team_incident(cause="budget", message="The team spent $9")
    make_anomaly(team=True, detected_at=NOW, last_seen_at=NOW, **said)
    for address in ("/", "/incidents", "/incidents?csv=anomalies", "/api/anomalies"):
        assert "Bob" not in ann.get(address).content.decode(), address
    assert ann.get(incident.get_absolute_url()).status_code == 404
    assert ann.get(budget.get_absolute_url()).status_code == 200


def test_what_went_wrong_with_a_source_or_a_channel_names_nobody_to_them(ann):
    SourceRun.objects.create(source="spend", status="failed", error="bob@company.com: no", started_at=NOW)
    make_channel("email", last_error="The mail server refused bob@company.com: check the address.")
    for address in (
        "/",
        "/settings",
        "/settings?csv=sources",
        "/settings?csv=runs",
        "/settings?csv=channels",
    ):
        assert "bob@company.com" not in ann.get(address).content.decode(), address


def test_a_page_that_was_kept_for_somebody_else_is_not_theirs(sign_in):
    AccessSettings.objects.create(viewers_see="own", default_role="viewer")
    shown = {}
    for role, email in (("admin", "root@company.com"), ("viewer", "ann@company.com")):
        reader = sign_in(role, email)
        for address in ("/", "/insights", "/chargeback", "/teams", "/users/ann@company.com"):
            reader.get(address)
            answer = reader.get(address)  # from what is kept
            assert answer.status_code == 200, address
            shown[role, address] = "Bob" in answer.text
    assert {address for (role, address), has_bob in shown.items() if has_bob and role == "viewer"} == set()
    assert shown["admin", "/"]


def test_readers_in_turn_each_ask_with_the_statements_of_their_own_arguments(sign_in, monkeypatch):
    policy = AccessSettings.objects.create(viewers_see="own", default_role="viewer")
    asked: dict[str, list[tuple[Statement | None, Statement | None]]] = {}
    make_statement = prepared._made

    def make_both(self, arguments):
        found = make_statement(self, arguments)
        of_these_alone = statement(self.build(*arguments))
        asked.setdefault(f"{self.build.__module__}.{self.build.__name__}", []).append(
            (found[1], of_these_alone)
        )
        return found

    monkeypatch.setattr(prepared, "_made", make_both)
    for role, name, sees in (
        ("admin", "root", "own"),
        ("viewer", "ann", "own"),
        ("viewer", "bob", "pseudonyms"),
    ):
        AccessSettings.objects.filter(pk=policy.pk).update(viewers_see=sees)
        reader = sign_in(role, f"{name}@company.com")
        for address in ("/", "/insights", "/teams", f"/users/{name}@company.com"):
            for query in ("", "?group=Eng+%3E+Core"):
                assert reader.get(address + query).status_code in (200, 404), address + query
    assert len(asked) > 20
    wrong = {name for name, pairs in asked.items() for ours, alone in pairs if ours != alone}
    assert wrong == set()


def test_whoever_acts_from_outside_the_own_group_is_a_colleague_and_their_words_are_not_shown(ann, people):
    incident = make_incident(people["Ann"], detected_at=NOW)
    for name, note in (
        ("bob@company.com", "Bob paired with me"),
        ("Ann", "my own doing"),
        ("token x", "ticket 7"),
    ):
        lifecycle.note(incident, Actor(None, name), Origin.PAGE, NOW, note)
    lifecycle.acknowledge(incident, Actor(None, "Bob"), Origin.SLACK, NOW)
    failed = {"error": "bob@company.com is unknown", "created_at": NOW, "due_at": NOW, "dedupe_key": "1"}
    entry = incident.timeline.first()
    channel = make_channel("email")
    undelivered(Notification(incident=incident, channel=channel, kind="alert", entry=entry, **failed), NOW)
    page = ann.get(incident.get_absolute_url()).text
    assert "Note by Ann (page): my own doing" in page
    assert "Note by a colleague (page)<" in page
    for address in (
        "/incidents",
        "/incidents?csv=incidents",
        "/api/anomalies",
        f"/api/incidents/{incident.pk}",
    ):
        page += ann.get(address).text
    assert [word for word in ("Bob", "bob@", "token x", "ticket 7") if word in page] == []


def test_the_owner_of_a_service_account_of_the_own_group_is_named_only_to_whoever_sees_them(ann, people):
    kind = {"kind": "service_account", "owner": people["Bob"], "first_seen_at": NOW, "last_seen_at": NOW}
    robot = Member.objects.create(email="service-account:ci", name="ci", **kind)
    put(robot, Group.objects.get(name="Eng > Core"))
    incident = make_incident(robot, detected_at=NOW)
    addresses = (incident.get_absolute_url(), f"/api/incidents/{incident.pk}")
    shown = [ann.get(address) for address in addresses]
    assert [answer.status_code for answer in shown] == [200, 200]
    assert [answer.text for answer in shown if "bob" in answer.text.lower()] == []


def team_incident(**said):
    times = {"onset_at": NOW, "detected_at": NOW, "last_run_at": NOW}
    return Incident.objects.create(severity="warning", **times, **said)


def test_whoever_sees_everybody_gets_the_groups(client):
    assert "Eng > Web" in client.get("/settings?csv=groups").content.decode()
