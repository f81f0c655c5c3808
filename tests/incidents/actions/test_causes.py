"""Where the spend comes from: which source is named, with which figures, and where it is told."""

from __future__ import annotations

import http.server
import json
import threading
from collections.abc import Iterator
from datetime import timedelta

import pytest

from collector.models import AiCodeCommit, Member
from detection.findings.gravest import gravest_finding
from incidents.actions.causes import incident_cause
from incidents.lifecycle import take_in
from incidents.models import Incident
from incidents.notifying import outbox
from tests.incidents.factories import (
    HOUR,
    NOON,
    make_anomaly,
    make_channel,
    make_incident,
    make_member,
    make_runaway,
    make_usage,
    run_at,
)
from tests.incidents.steps import texts

pytestmark = pytest.mark.django_db
AGENT_SENTENCE = (
    "20 of 24 requests come from one cloud agent, bc-775b694a…, on claude-4.6-opus-high, in Max mode, "
    "since 09:00 UTC."
)


def opened(member: Member | None = None, **fields) -> Incident:
    anomaly = make_anomaly(member, **fields)
    take_in(run_at(NOON), NOON)
    return Incident.objects.get(findings__anomaly=anomaly)


def cause_of(incident: Incident):
    return incident_cause(incident, [link.anomaly for link in incident.findings.all()])


def test_a_runaway_names_its_agent_model_and_mode_with_figures():
    member = make_member()
    make_runaway(member, NOON - 3 * HOUR)
    cause = cause_of(opened(member))
    assert cause.sentence == AGENT_SENTENCE
    assert (cause.requests, cause.cents) == (24, 41_200)
    rows = {(row.kind, row.name): (row.requests, row.cents) for row in cause.rows}
    assert rows == {
        ("Surface", "Cloud agent"): (20, 40_000),
        ("Surface", "IDE"): (4, 1_200),
        ("Cloud agent", "bc-775b694a-0000"): (20, 40_000),
        ("Conversation", "agent-talk"): (20, 40_000),
        ("Conversation", "mine"): (4, 1_200),
        ("Model", "claude-4.6-opus-high"): (20, 40_000),
        ("Model", "Auto"): (4, 1_200),
        ("Max mode", "on"): (20, 40_000),
    }
    assert cause.named("Cloud agent").url == "https://cursor.com/agents/bc-775b694a-0000"


def test_usage_before_the_measured_day_and_after_the_last_run_is_no_part_of_the_cause():
    member = make_member()
    make_runaway(member, NOON - 3 * HOUR)
    for at in (NOON - 25 * HOUR, NOON + HOUR):
        make_usage(member, at, 500, conversation_id="another")
    assert cause_of(opened(member)).cents == 41_200


def test_the_cause_counts_the_requests_that_the_finding_measured():
    """Detection's 24 hours are whole ones: the last is the hour that has begun."""
    member = make_member()
    make_runaway(member, NOON - 3 * HOUR)
    make_usage(
        member, NOON - 23 * HOUR - timedelta(minutes=20), 500, conversation_id="before it was measured"
    )
    make_usage(member, NOON - timedelta(minutes=1), 500, conversation_id="after it was measured")
    measured = {
        "window_start": (NOON - 23 * HOUR).isoformat(),
        "window_end": (NOON - timedelta(minutes=5)).isoformat(),
    }
    assert cause_of(opened(member, operands=measured)).sentence == AGENT_SENTENCE


def test_where_nothing_stands_out_the_sentence_says_so():
    member = make_member()
    for number in range(5):
        make_usage(member, NOON - HOUR, 10, model=f"m{number}", conversation_id=f"c{number}", ordinal=number)
    cause = cause_of(opened(member))
    assert cause.sentence.startswith("5 of 5 requests come from the IDE, since 11:00 UTC")
    assert cause.named("Conversation") is None


def test_the_repositories_of_ai_code_commits_are_named():
    member = make_member()
    make_runaway(member, NOON - 3 * HOUR)
    figures = {"day": NOON.date(), "ingested_at": NOON, "updated_at": NOON}
    AiCodeCommit.objects.create(
        member=member, commit_hash="a1", repository="example/api", composer_lines_added=40, **figures
    )
    assert cause_of(opened(member)).sentence == (
        f"{AGENT_SENTENCE} AI-code commits on these days are in example/api."
    )


def test_a_service_account_is_named_as_such():
    robot = make_member("service-account:7", name="Nightly", kind=Member.Kind.SERVICE_ACCOUNT)
    for number in range(3):
        make_usage(robot, NOON - HOUR, 100, ordinal=number)
    cause = cause_of(opened(robot))
    assert cause.sentence.startswith("3 of 3 requests come from the service account Nightly")


def test_the_owner_of_a_service_account_is_named_on_the_page_in_messages_and_in_the_api(client, slack):
    make_channel()
    owner = make_member(name="Carl Cole")
    robot = make_member("service-account:7", name="Nightly", kind=Member.Kind.SERVICE_ACCOUNT, owner=owner)
    make_usage(robot, NOON - HOUR, 100)
    incident = opened(robot)
    assert cause_of(incident).sentence.endswith("The owner of Nightly is Carl Cole.")
    outbox.deliver_due(NOON)
    assert "The owner of Nightly is Carl Cole." in texts(slack.roots[0])
    page = client.get(incident.get_absolute_url()).text
    assert "Owner" in page and "/users/carl@example.com" in page
    assert client.get(f"/api/incidents/{incident.pk}").json()["ownerEmail"] == "carl@example.com"


def test_the_team_and_a_member_without_stored_events_have_no_cause():
    assert cause_of(opened(team=True, rule="team_budget", cause="budget")) is None
    assert cause_of(opened(make_member())) is None


def test_failed_requests_are_not_counted_though_their_cost_is():
    member = make_member()
    make_usage(member, NOON - HOUR, 5)
    make_usage(member, NOON - 2 * HOUR, 1, kind="Errored, Not Charged")
    cause = cause_of(opened(member))
    assert (cause.requests, cause.cents) == (1, 600)


def test_the_finding_that_speaks_is_the_gravest_that_holds_else_the_one_seen_last():
    held = make_anomaly(severity="warning")
    over = make_anomaly(rule="drift", severity="critical", cleared_at=NOON, last_seen_at=NOON)
    assert gravest_finding([over, held]) == held
    assert gravest_finding([over]) == over
    assert gravest_finding([]) is None


@pytest.fixture
def receiver() -> Iterator[tuple[str, list[dict]]]:
    """A server on loopback that keeps what is posted to it."""
    bodies: list[dict] = []

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            bodies.append(json.loads(self.rfile.read(int(self.headers["Content-Length"]))))
            self.send_response(204)
            self.end_headers()

        def log_message(self, *args: object) -> None:
            pass

    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}/hook", bodies
    server.shutdown()
    server.server_close()


def test_slack_mail_and_webhook_tell_the_cause_in_the_same_words(slack, mailbox, receiver):
    url, bodies = receiver
    make_channel("slack")
    make_channel("email")
    make_channel("webhook", target=url)
    member = make_member(name="Carl")
    make_runaway(member, NOON - 3 * HOUR)
    opened(member)
    assert outbox.deliver_due(NOON + timedelta(minutes=1)).sent == 3
    (message,) = slack.roots
    assert AGENT_SENTENCE in texts(message)
    assert "<https://cursor.com/agents/bc-775b694a-0000|bc-775b694a-0000>" in texts(message)
    (mail,) = mailbox.mails
    for kind in ("plain", "html"):
        body = mail.get_body((kind,)).get_content()
        assert AGENT_SENTENCE in " ".join(body.split())
        assert "https://cursor.com/agents/bc-775b694a-0000" in body
    (sent,) = bodies
    (incident,) = sent["incidents"]
    assert incident["diagnosis"]["sentence"] == AGENT_SENTENCE
    assert incident["diagnosis"]["sources"][1] == {
        "kind": "Cloud agent",
        "name": "bc-775b694a-0000",
        "figures": "20 requests, $400, 97 % of the spend",
        "url": "https://cursor.com/agents/bc-775b694a-0000",
    }


def test_a_subject_names_the_member_once_and_has_no_more_than_99_characters(mailbox):
    make_channel("email")
    member = make_member(name="Eva Kovacs")
    opened(
        member,
        severity="critical",
        message="Eva Kovacs spent $278 in 24 h, 61x their usual $4.60 (since 10:41 UTC): 481 more requests "
        "(+$240), more expensive model claude-4.6-opus-high (+$34), longer context or less cache (+$4)",
    )
    outbox.deliver_due(NOON)
    (mail,) = mailbox.mails
    assert mail["Subject"] == "Critical: Eva Kovacs spent $278 in 24 h, 61x their usual $4.60"


def test_an_incident_made_without_findings_still_has_a_window():
    member = make_member()
    make_usage(member, NOON - HOUR, 5)
    assert incident_cause(make_incident(member), []).cents == 500
