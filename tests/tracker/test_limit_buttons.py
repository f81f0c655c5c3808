"""Approve and Deny below a request in Slack: administrators alone."""

from __future__ import annotations

import pytest
import time_machine
from django.test import Client

from incidents.actions.limit_requests import record_request
from incidents.models import LimitChange
from incidents.notifying.outbox import deliver_due
from tests.incidents.conftest import slack as slack
from tests.incidents.factories import NOON, make_channel, make_member
from tests.tracker import slack_buttons
from tests.tracker.conftest import make_person
from tracker.models import AuditEntry

pytestmark = pytest.mark.django_db


@pytest.fixture
def wish(settings, auth_on, slack):
    """Carl asks for $300; U1 is an administrator in Slack, U2 a responder, U3 Carl."""
    settings.SLACK_SIGNING_SECRET = slack_buttons.SECRET
    settings.CURSOR_LIMITS, settings.CURSOR_ADMIN_API_KEY = "write", "key"
    make_person("admin", "boss@company.com")
    make_person("responder", "r@company.com")
    carl = make_member("carl@company.com")
    slack.emails |= {"U1": "boss@company.com", "U2": "r@company.com", "U3": carl.email}
    make_channel()
    with time_machine.travel(NOON, tick=False):
        yield record_request(carl, 300, "More", None, NOON)


def press(action: str, wish, user: str) -> int:
    body = slack_buttons.payload(action, str(wish.pk), user)
    status = slack_buttons.post(Client(), body).status_code
    wish.refresh_from_db()
    return status


def test_the_message_has_both_buttons(wish, slack):
    deliver_due(NOON)
    text = str(slack.messages)
    assert "Carl asks for a limit of $300" in text
    assert "limit_approve" in text and "limit_deny" in text


@pytest.mark.parametrize("user", ["U2", "U3", "U9"])
def test_whoever_is_no_administrator_decides_nothing(wish, user):
    assert press("limit_approve", wish, user) == 200
    assert (wish.status, LimitChange.objects.count()) == ("pending", 0)


def test_an_administrator_approves_and_the_change_is_recorded(wish):
    press("limit_approve", wish, "U1")
    assert (wish.status, wish.decided_by) == ("approved", "boss@company.com")
    assert (wish.change.to_dollars, wish.change.origin) == (300, "slack")
    entry = AuditEntry.objects.get()
    assert (entry.actor.email, entry.detail) == (
        "boss@company.com",
        f"limit request {wish.pk}: approve, in Slack",
    )


def test_an_administrator_denies(wish):
    press("limit_deny", wish, "U1")
    assert (wish.status, LimitChange.objects.count()) == ("denied", 0)
