"""A member asks for more; the first decision counts, and only while the request is open."""

from __future__ import annotations

from datetime import timedelta

import pytest

from incidents.actions.limit_requests import OPEN_FOR, approve_request, deny_request, record_request
from incidents.actions.limit_upkeep import keep_limits
from incidents.models import LimitChange, LimitRequest, Notification
from tests.incidents.actions.limit_site import BOSS, DAY, NOW, LimitSite
from tests.incidents.factories import ADA, make_channel

pytestmark = pytest.mark.django_db


def ask(site: LimitSite, dollars: int = 120, until=None) -> LimitRequest:
    request = record_request(site.member, dollars, "A release week", until, NOW)
    assert request is not None
    return request


def test_an_approval_sets_the_limit_with_the_next_minute_task(site: LimitSite):
    request = ask(site, until=NOW + DAY)
    outcome = approve_request(request, BOSS, "page", NOW)
    assert (outcome.won, request.status, request.decided_by) == (True, "approved", "Boss")
    assert keep_limits(NOW, site.client).finished == 1
    assert site.own == 120
    assert (LimitChange.objects.get().kind, LimitChange.objects.get().until_at) == ("request", NOW + DAY)


def test_the_second_decision_is_told_who_was_first(site: LimitSite):
    request = ask(site)
    deny_request(request, ADA, NOW)
    outcome = approve_request(request, BOSS, "page", NOW)
    assert (outcome.won, outcome.message) == (False, "Already denied by Ada Byron, 16 Sep 2026, 15:00 UTC.")
    assert not LimitChange.objects.exists()


def test_an_old_request_expires_and_cannot_be_approved(site: LimitSite):
    request = ask(site)
    late = NOW + OPEN_FOR + timedelta(seconds=1)
    assert approve_request(request, BOSS, "page", late).message.startswith("The request expired on")
    assert keep_limits(late, site.client).expired == 1
    request.refresh_from_db()
    assert request.status == "expired"


def test_one_request_waits_at_a_time(site: LimitSite):
    ask(site)
    assert record_request(site.member, 300, "More", None, NOW) is None


def test_while_another_change_is_unfinished_the_request_stays_open(site: LimitSite):
    site.record(80)
    request = ask(site)
    outcome = approve_request(request, BOSS, "page", NOW)
    assert not outcome.won and "is in progress" in outcome.message
    assert request.status == "pending"


def test_where_limits_are_not_written_the_decision_is_recorded_alone(site: LimitSite, settings):
    settings.CURSOR_LIMITS = "read"
    outcome = approve_request(ask(site), BOSS, "page", NOW)
    assert outcome.message == "Approved. Now set the limit in Cursor, because this site cannot."
    assert not LimitChange.objects.exists()


def test_those_who_decide_are_notified_with_buttons(site: LimitSite):
    make_channel()
    make_channel("email", name="member", audience="member")
    request = ask(site)
    (notice,) = Notification.objects.all()
    assert (notice.kind, notice.dedupe_key) == ("notice", f"limit_request:{request.pk}")
    assert [button["action"] for button in notice.digest["buttons"]] == ["limit_approve", "limit_deny"]
