"""What verdicts leave behind changes the next run, and can be taken back."""

from datetime import timedelta
from decimal import Decimal

import pytest
from django.contrib.auth.models import Permission, User
from django.core.exceptions import ValidationError

from collector.models import MemberModelDay
from detection import exemptions
from detection.assess import assess
from detection.engine import detect
from detection.models import Anomaly, DetectionSettings, Exemption
from detection.replay import past
from detection.replay.backtest import backtest

from .facts import FRESH, NOW, make_member, runaway, ten_dollar_days
from .frames import make_frame

pytestmark = pytest.mark.django_db
BEFORE = NOW - timedelta(hours=1)


@pytest.fixture
def ana():
    member = make_member()
    ten_dollar_days(member)
    runaway(member)
    return member


def leave(member, kind, **values):
    return exemptions.leave(member, "spend", kind, by="ines", now=BEFORE, **values)


def test_expected_spend_raises_nothing_and_is_counted(ana):
    leave(ana, "expected")
    report = detect(NOW, data_ages=FRESH)
    assert (report.opened, report.suppressed) == ((), 3)


def test_expected_ends_when_the_baseline_has_learned_it(ana):
    assert leave(ana, "expected").until_at == BEFORE + timedelta(days=42)


def test_planned_spend_is_quiet_until_its_date_and_not_at_it(ana):
    leave(ana, "planned", until_at=NOW)
    assert len(detect(NOW, data_ages=FRESH).opened) == 3


def test_planned_spend_needs_a_date(ana):
    with pytest.raises(ValidationError, match="Planned spend needs an end date"):
        leave(ana, "planned")


@pytest.mark.parametrize(("floor", "found"), [(8000, 0), (7999, 3)])
def test_too_small_raises_the_members_floor(ana, floor, found):
    leave(ana, "too_small", floor_cents=Decimal(floor))
    assert len(detect(NOW, data_ages=FRESH).opened) == found


@pytest.mark.parametrize(
    ("days", "settings", "floor"),
    [
        ([10] * 30 + [40, 45, 50, 55, 60, 60, 65], {}, 5358),  # $375 in 7 days, less than half a cent rounded
        ([60] * 10, {"cycle_limit_dollars": 500}, 6000),  # $600 in the ten days of the cycle
    ],
)
def test_a_longer_window_is_held_against_the_floor_by_its_mean_of_a_day(days, settings, floor):
    configured = DetectionSettings(**settings)
    frame = make_frame([days], cycle_dollars=[600])
    for cents, is_quiet in ((floor, True), (floor - 1, False)):
        verdict = Exemption(member_id=1, cause="spend", kind="too_small", floor_cents=Decimal(cents))
        found = assess(frame, configured, [verdict], None)
        assert (len(found.suppressed), len(found.findings)) == ((1, 0) if is_quiet else (0, 1))


def test_a_floor_in_cents_keeps_no_number_of_requests_quiet(ana):
    DetectionSettings.objects.create(daily_requests_limit=5)
    Exemption.objects.create(member=ana, cause="requests", kind="too_small", floor_cents=1, created_at=BEFORE)
    found = detect(NOW, data_ages=FRESH).opened
    assert "daily_requests" in {anomaly.rule for anomaly in found}


def test_too_small_can_only_be_about_spend(ana):
    with pytest.raises(ValidationError, match="“Too small” is a dollar amount"):
        exemptions.leave(ana, "requests", "too_small", by="ines", now=NOW, floor_cents=Decimal(1))


def test_a_verdict_about_one_member_leaves_the_others_alone(ana):
    ben = make_member("ben@example.com", name="Ben Ito")
    ten_dollar_days(ben)
    runaway(ben)
    leave(ana, "expected")
    assert {anomaly.member for anomaly in detect(NOW, data_ages=FRESH).opened} == {ben}


def test_a_verdict_clears_what_was_open(ana):
    detect(NOW, data_ages=FRESH)
    exemptions.leave(ana, "spend", "expected", by="ines", now=NOW)
    report = detect(NOW + timedelta(minutes=5), data_ages=FRESH)
    assert len(report.cleared) == 3
    assert Anomaly.objects.open().count() == 0


def test_revoked_in_the_admin_it_is_detected_again(ana, client, time_machine):
    time_machine.move_to(BEFORE)
    verdict = leave(ana, "expected")
    client.force_login(User.objects.create_superuser("ines"))
    client.post(
        "/admin/detection/exemption/", {"action": "revoke", "_selected_action": [verdict.pk]}, follow=True
    )
    verdict.refresh_from_db()
    assert (verdict.revoked_by, verdict.revoked_at is not None) == ("ines", True)
    assert [row.revoked_by for row in verdict.history.all()] == ["ines", ""]
    assert len(detect(NOW, data_ages=FRESH).opened) == 3


def test_who_may_only_look_at_exemptions_cannot_revoke_one(ana, client):
    verdict = leave(ana, "expected")
    looker = User.objects.create_user("vera", is_staff=True)
    looker.user_permissions.add(Permission.objects.get(codename="view_exemption"))
    client.force_login(looker)
    client.post("/admin/detection/exemption/", {"action": "revoke", "_selected_action": [verdict.pk]})
    verdict.refresh_from_db()
    assert verdict.revoked_at is None


def test_revoking_twice_keeps_the_first_time(ana):
    verdict = leave(ana, "expected")
    assert exemptions.revoke(verdict, by="ines", now=NOW)
    assert not exemptions.revoke(verdict, by="otto", now=NOW + timedelta(hours=1))
    assert Exemption.objects.get().revoked_by == "ines"


def two_wild_days(member, **values):
    """Twenty and fifteen days ago, like today's runaway, found at noon and seen till 01:00 two days later."""
    for back in (20, 15):
        day = (NOW - timedelta(days=back)).replace(hour=12)
        MemberModelDay.objects.filter(member=member, day=day.date()).update(total_cents=9000)
        Anomaly.objects.create(
            member=member,
            rule="spike",
            cause="spend",
            severity="warning",
            metric="spend_24h",
            observed=9000,
            bound=5000,
            expected=1000,
            extra_cents=8000,
            onset_at=day,
            detected_at=day,
            last_seen_at=day + timedelta(hours=37),
            cleared_at=day + timedelta(hours=38),
            **values,
        )


def found_live_and_in_replay():
    """The rules that find today's runaway, live and in a replay of the hours up to now."""
    replayed = backtest(
        past.load_history(NOW.date(), NOW.date(), DetectionSettings()),
        DetectionSettings(),
        past.replayed(NOW.date(), NOW.date(), 1, NOW),
        past.exemptions(),
    )
    live = {anomaly.rule for anomaly in detect(NOW, data_ages=FRESH).opened}
    return live, {rule for incident in replayed for rule in incident.rules}


@pytest.mark.parametrize(
    ("confirmed_at", "found"),
    [
        (None, set()),
        (BEFORE, {"own_baseline", "spike", "expensive_model"}),
        (NOW + timedelta(days=1), set()),  # not by now
    ],
)
def test_what_was_called_a_real_problem_never_counts_as_usual(ana, confirmed_at, found):
    two_wild_days(ana, confirmed_at=confirmed_at)
    assert found_live_and_in_replay() == (found, found)


def test_a_limit_of_the_cycle_that_was_a_real_problem_takes_no_days_out_of_what_is_usual(ana):
    two_wild_days(ana, confirmed_at=BEFORE)
    Anomaly.objects.update(metric="spend_cycle")
    assert found_live_and_in_replay() == (set(), set())
