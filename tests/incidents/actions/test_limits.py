"""Setting, raising and lifting a member's limit: recorded before and after, read back, restored."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from decimal import Decimal

import pytest

from collector.collecting.windows import Window
from collector.cursor.spend_limits import LimitInForce
from collector.models import DirectoryGroup, Member
from collector.sources import groups
from incidents.actions.limit_effects import GroupLimit, judge_effect
from incidents.actions.limit_upkeep import keep_limits
from incidents.actions.limits import LimitRefused, LimitWish, carry_out, record_wish
from incidents.models import LimitChange, Notification, Origin
from sandbox.faults import Reset, StatusFault
from tests.incidents.actions.limit_site import BOSS, DAY, NOW, LimitSite
from tests.incidents.factories import make_channel, make_member

pytestmark = pytest.mark.django_db
WRITE, READ = "/teams/user-spend-limit", "/teams/spend"


def test_a_change_is_recorded_before_and_after_and_the_limit_read_back(site: LimitSite):
    change = site.record(80)
    assert (change.status, site.own, site.calls) == ("intended", None, 0)
    assert site.timeline() == [("limit_asked", "$80: Runaway")]
    carry_out(change, site.client, NOW)
    assert (change.status, site.own, site.calls) == ("done", 80, 1)
    assert (change.from_dollars, change.from_effective_dollars) == (None, Decimal(500))
    assert (change.after_dollars, change.effective_dollars) == (Decimal(80), Decimal(80))
    assert site.timeline()[1:] == [("limit", "from no limit to $80, in force. In force now: $80.00.")]


def test_one_form_sent_twice_is_one_change(site: LimitSite):
    for _ in range(2):
        site.change(80)
    assert (LimitChange.objects.count(), site.calls, len(site.timeline())) == (1, 1, 2)


@pytest.mark.parametrize("changed", [{"to_dollars": 90}, {"until_at": NOW + DAY}, {"member": None}])
def test_a_form_sent_again_with_something_else_is_refused_and_not_taken_for_done(site: LimitSite, changed):
    site.change(80)
    if "member" in changed:
        changed = {"member": make_member("bob@example.com")}
    with pytest.raises(LimitRefused, match=r"already been sent, for .+: \$80\."):
        record_wish(replace(site.wish(80), **changed), BOSS, Origin.PAGE, NOW)
    assert (site.own, LimitChange.objects.count()) == (80, 1)


def test_raising_and_lifting(site: LimitSite):
    site.change(80)
    assert site.change(120, "form-2").from_dollars == Decimal(80)
    lifted = site.change(None, "form-3")
    assert (lifted.status, site.own, lifted.message) == ("done", None, "In force now: $500.00.")
    assert site.change(0, "form-4").status == "done" and site.own == 0  # zero is zero dollars


def test_a_temporary_limit_gives_back_the_former_one_by_itself(site: LimitSite):
    site.change(200)
    site.change(80, "form-2", until_at=NOW + DAY)
    assert keep_limits(NOW + DAY / 2, site.client).summary == "nothing to do"
    assert site.own == 80
    assert keep_limits(NOW + DAY, site.client).finished == 1
    assert site.own == 200
    for _ in range(2):
        assert keep_limits(NOW + 2 * DAY, site.client).finished == 0
    assert site.timeline()[-1][1].startswith("from $80.00 to $200, in force.")


def test_a_change_that_fails_holds_up_no_other(site: LimitSite, monkeypatch):
    first, second = (
        site.record(80),
        record_wish(
            LimitWish(make_member("bob@example.com"), 90, "Runaway", "form-2"), BOSS, Origin.PAGE, NOW
        ),
    )
    asked: list[int] = []

    def fail(change: LimitChange, *arguments: object) -> None:
        asked.append(change.pk)
        raise KeyError("made up")

    monkeypatch.setattr("incidents.actions.limits._try_once", fail)
    report = keep_limits(NOW, site.client)
    assert (asked, report.waiting, report.is_ok) == ([first.pk, second.pk], 2, False)


def test_where_there_was_no_limit_none_comes_back(site: LimitSite):
    site.change(80, until_at=NOW + DAY)
    keep_limits(NOW + DAY, site.client)
    assert site.own is None


def test_a_second_temporary_limit_gives_back_what_held_before_the_first(site: LimitSite):
    site.change(200)
    site.change(80, "form-2", until_at=NOW + DAY)
    site.change(60, "form-3", NOW + DAY / 2, until_at=NOW + 2 * DAY)
    keep_limits(NOW + DAY, site.client)
    assert site.own == 60  # the first one's end changes nothing any more
    keep_limits(NOW + 2 * DAY, site.client)
    assert site.own == 200


def test_a_lasting_limit_replaces_a_temporary_one(site: LimitSite):
    site.change(80, until_at=NOW + DAY)
    site.change(90, "form-2")
    keep_limits(NOW + 2 * DAY, site.client)
    assert site.own == 90


def test_what_somebody_changed_at_cursor_meanwhile_stays(site: LimitSite):
    site.change(80, until_at=NOW + DAY)
    site.client.post(WRITE, {"userEmail": site.member.email, "spendLimitDollars": 300})
    keep_limits(NOW + DAY, site.client)
    assert site.own == 300
    restore = LimitChange.objects.get(kind="restore")
    assert restore.status == "skipped"
    assert restore.message == "Somebody changed the limit in Cursor to $300.00 meanwhile, so it was kept."


def test_a_lower_limit_of_the_group_is_named_as_what_keeps_a_raise_from_working(site: LimitSite):
    group = next(m.group for m in site.sandbox.company.members if m.email == site.member.email)
    site.sandbox.api.spend_limits.group_dollars[group] = 50
    groups.sync(site.client, Window(NOW, NOW, NOW))
    assert DirectoryGroup.objects.get(monthly_limit_dollars=50).name == group
    change = site.change(80)
    assert change.status == "no_effect"
    assert change.message.startswith(f"The group {group} is limited to $50.00 in Cursor: $50.00 is in force.")


def test_a_success_that_changed_nothing_says_why(site: LimitSite):
    site.sandbox.behaviour.update(keeps_limits=True)
    change = site.change(80)
    assert (change.status, site.own) == ("no_effect", None)
    assert "A limit below a higher one of the group or the team has no effect" in change.message


def test_a_key_that_may_not_is_a_failure_with_cursors_words(site: LimitSite):
    site.sandbox.behaviour.update(limits_status=403)
    change = site.change(80)
    assert change.status == "failed"
    assert "403 Enterprise access required" in change.message
    assert site.timeline()[-1][0] == "limit"


@pytest.mark.parametrize("path", [READ, WRITE])
def test_an_answer_that_was_lost_or_refused_for_now_is_finished_by_the_next_run(site: LimitSite, path):
    for fault in (Reset(), StatusFault(503)):
        site.sandbox.faults.next(path, fault, times=7)
        key = type(fault).__name__
        change = site.change(80 if key == "Reset" else 90, key)
        assert not change.is_finished and change.message
        assert keep_limits(NOW, site.client).finished == 1
        change.refresh_from_db()
        assert (change.status, site.own) == ("done", change.to_dollars)


def test_too_many_requests_are_waited_for(site: LimitSite):
    site.sandbox.faults.next(WRITE, StatusFault(429, retry_after=1), times=2)
    assert site.change(80).status == "done"


def test_after_a_day_without_an_answer_it_is_given_up(site: LimitSite):
    site.record(80)
    site.sandbox.faults.sometimes(StatusFault(503), 1.0, path=READ)
    assert keep_limits(NOW, site.client).waiting == 1
    keep_limits(NOW + 1.1 * DAY, site.client)
    assert LimitChange.objects.get().status == "failed"


@pytest.mark.parametrize(
    ("fields", "later"),
    [({}, 1.1 * DAY), ({"until_at": NOW + 0.1 * DAY}, 0.2 * DAY)],
    ids=["after a day", "after its own end"],
)
def test_what_was_not_begun_in_time_is_not_carried_out_late(site: LimitSite, fields, later):
    """The worker was down, writing was switched off, or a merge that had put it aside is undone."""
    change = site.record(80, **fields)
    keep_limits(NOW + later, site.client)
    change.refresh_from_db()
    assert (change.status, site.calls, site.own) == ("failed", 0, None)
    assert "Not completed in time" in change.message


def test_while_one_change_is_unfinished_no_other_begins_and_why_is_said(site: LimitSite):
    site.record(80)
    LimitChange.objects.update(message="it answered 503.")
    with pytest.raises(LimitRefused, match=r"is in progress: .* The last attempt: it answered 503\.$"):
        site.record(90, "form-2")


def test_without_the_setting_nothing_is_recorded_or_asked(site: LimitSite, settings):
    settings.CURSOR_LIMITS = "read"
    with pytest.raises(LimitRefused, match="CURSOR_LIMITS=write"):
        record_wish(site.wish(80), BOSS, "page", NOW)
    assert (LimitChange.objects.count(), site.sandbox.api.requests) == (0, {})


def test_channels_that_heard_of_the_incident_hear_of_the_limit(site: LimitSite):
    channel = make_channel()
    entry = site.incident.timeline.create(step="opened", at=NOW, origin="system", severity="critical")
    Notification.objects.create(
        channel=channel, kind="alert", incident=site.incident, entry=entry, created_at=NOW, due_at=NOW
    )
    site.change(80)
    updates = Notification.objects.filter(kind="update").values_list("entry__step", flat=True)
    assert list(updates) == ["limit"]


def test_an_effect_is_judged_by_what_is_in_force():
    def judged(to, own, effective, groups=()):
        return judge_effect(to, LimitInForce(own, effective, None, None), list(groups))

    assert judged(80, Decimal(80), None) == ""  # an older answer without the effective limit
    assert judged(None, None, Decimal(500)) == ""
    assert "A higher limit" in judged(80, Decimal(80), Decimal(200))
    assert "the team's or a group's" in judged(80, Decimal(80), Decimal(50), [GroupLimit("A", Decimal(70))])


def test_a_temporary_limit_of_a_member_who_has_left_ends_without_a_try_an_hour(site: LimitSite):
    change = site.change(80, until_at=NOW + DAY)
    Member.objects.filter(pk=site.member.pk).update(email="gone@example.com")  # nobody in Cursor
    for hour in range(3):
        keep_limits(NOW + DAY + hour * DAY / 24, site.client)
    change.refresh_from_db()
    assert change.ended_at == NOW + DAY
    assert [(row.status, row.message) for row in LimitChange.objects.filter(restores=change)] == [
        ("skipped", "This member is not in Cursor's list of members.")
    ]


def test_a_limit_that_cursor_refuses_to_restore_is_tried_ever_later_and_in_the_end_restored(site: LimitSite):
    site.change(80, until_at=NOW + DAY)
    site.sandbox.behaviour.update(limits_status=403)
    for hour in range(72):
        keep_limits(NOW + DAY + hour * DAY / 24, site.client)
    tries = LimitChange.objects.filter(kind="restore").order_by("pk").values_list("finished_at", flat=True)
    assert [(at - NOW - DAY) / (DAY / 24) for at in tries] == [0, 1, 3, 7, 15, 31, 55]
    for day in range(4, 64):
        keep_limits(NOW + day * DAY, site.client)
    site.sandbox.behaviour.update(limits_status=200)
    keep_limits(NOW + 65 * DAY, site.client)
    assert (site.own, LimitChange.objects.temporary().exists()) == (None, False)


def test_a_restore_is_tried_again_by_the_next_hourly_run_though_it_begins_seconds_sooner(site: LimitSite):
    site.change(80, until_at=NOW + DAY)
    site.sandbox.behaviour.update(limits_status=403)
    keep_limits(NOW + DAY + timedelta(seconds=40), site.client)
    keep_limits(NOW + DAY + timedelta(hours=1), site.client)
    assert LimitChange.objects.filter(kind="restore").count() == 2


@pytest.mark.parametrize("refusal", [StatusFault(503), StatusFault(401)])
def test_a_temporary_limit_whose_answer_was_lost_for_days_ends_too(site: LimitSite, refusal):
    change = site.record(80, until_at=NOW + DAY)
    LimitChange.objects.filter(pk=change.pk).update(status="ready")  # as Cursor is asked
    site.client.post(WRITE, {"userEmail": site.member.email, "spendLimitDollars": 80})
    site.sandbox.faults.sometimes(refusal, 1.0, path=READ)
    for later in (0, 1, 2):
        assert keep_limits(NOW + later * DAY, site.client).waiting == 1
    site.sandbox.faults.clear()
    for _ in range(2):
        keep_limits(NOW + 3 * DAY, site.client)
    assert site.own is None


@pytest.mark.parametrize("status", [401, 403])
def test_a_change_in_progress_whose_key_is_revoked_fails_and_keeps_no_other_from_beginning(site, status):
    change = site.record(80)
    LimitChange.objects.filter(pk=change.pk).update(status="ready")
    site.sandbox.faults.sometimes(StatusFault(status), 1.0, path=READ)
    assert keep_limits(NOW, site.client).finished == 1
    change.refresh_from_db()
    assert change.status == "failed"
    assert "set CURSOR_ADMIN_API_KEY to" in change.message
    assert change.message.endswith("may have been set all the same: check it in Cursor's dashboard.")
    site.sandbox.faults.clear()
    assert site.change(90, "form-2").status == "done"


def test_a_change_that_a_merge_put_aside_as_it_was_carried_out_is_not_carried_out_weeks_later(
    site: LimitSite,
):
    change = site.record(80)
    LimitChange.objects.filter(pk=change.pk).update(status="ready")
    keep_limits(NOW + 21 * DAY, site.client)
    change.refresh_from_db()
    assert (change.status, site.calls, site.own) == ("failed", 0, None)


def test_a_former_limit_with_cents_comes_back_as_no_lower_one(site: LimitSite):
    change = site.change(80, until_at=NOW + DAY)
    LimitChange.objects.filter(pk=change.pk).update(restore_dollars=Decimal("0.50"))
    keep_limits(NOW + DAY, site.client)
    assert site.own == 1
