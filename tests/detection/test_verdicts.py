"""What verdicts leave behind changes the next run, and can be taken back."""

from datetime import timedelta
from decimal import Decimal

import pytest
from django.contrib.auth.models import User
from django.core.exceptions import ValidationError

from detection import exemptions
from detection.engine import detect
from detection.models import Anomaly, Exemption

from .facts import FRESH, NOW, make_member, runaway, ten_dollar_days

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
    with pytest.raises(ValidationError, match="Planned spend needs a date"):
        leave(ana, "planned")


@pytest.mark.parametrize(("floor", "found"), [(8000, 0), (7999, 3)])
def test_too_small_raises_the_members_floor(ana, floor, found):
    leave(ana, "too_small", floor_cents=Decimal(floor))
    assert len(detect(NOW, data_ages=FRESH).opened) == found


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
    assert len(detect(NOW, data_ages=FRESH).opened) == 3


def test_revoking_twice_keeps_the_first_time(ana):
    verdict = leave(ana, "expected")
    assert exemptions.revoke(verdict, by="ines", now=NOW)
    assert not exemptions.revoke(verdict, by="otto", now=NOW + timedelta(hours=1))
    assert Exemption.objects.get().revoked_by == "ines"
