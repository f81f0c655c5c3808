"""First imports, turns of cycles and months, and the team's own anomalies."""

from datetime import UTC, datetime, timedelta

import pytest

from collector.models import BillingCycle, Member, SourceRun, SpendSnapshot
from detection.engine import detect
from detection.frame.load import charged_rows
from detection.frame.prices import team_prices
from detection.models import Anomaly, DetectionSettings, Exemption

from .facts import FRESH, NOW, count_hour, make_day, make_event, make_member, runaway, ten_dollar_days

pytestmark = pytest.mark.django_db


def configure(**values):
    DetectionSettings.objects.update_or_create(pk=1, defaults=values)


def first_collection_ended(at, trigger="collect"):
    SourceRun.objects.create(source="events", status="ok", trigger=trigger, started_at=at, finished_at=at)


def make_cycle(start_at, days=30):
    return BillingCycle.objects.create(start_at=start_at, end_at=start_at + timedelta(days=days))


def test_an_agent_that_still_ran_during_the_first_import_is_found():
    ana = make_member()
    ten_dollar_days(ana)
    runaway(ana)
    first_collection_ended(NOW)
    assert len(detect(NOW, data_ages=FRESH).opened) == 3


def test_history_of_the_first_import_raises_nothing():
    ana = make_member()
    ten_dollar_days(ana)
    runaway(ana)
    first_collection_ended(NOW + timedelta(days=1))
    report = detect(NOW, data_ages=FRESH)
    assert (report.opened, report.silent) == ((), 3)
    assert Anomaly.objects.count() == 0


def test_an_import_before_the_first_collection_does_not_make_its_history_news():
    ana = make_member()
    ten_dollar_days(ana)
    runaway(ana)
    first_collection_ended(NOW - timedelta(days=40), trigger="csv")
    first_collection_ended(NOW + timedelta(days=1))
    assert detect(NOW, data_ages=FRESH).silent == 3


def test_without_a_collection_what_the_first_import_brings_is_history():
    ana = make_member()
    ten_dollar_days(ana)
    runaway(ana)
    first_collection_ended(NOW + timedelta(days=1), trigger="csv")
    assert detect(NOW, data_ages=FRESH).silent == 3


def test_a_limit_crossed_before_the_first_import_stays_silent_and_one_crossed_after_it_does_not():
    configure(cycle_limit_dollars=100, own_baseline_sensitivity=0, spike_multiplier=0, drift_multiplier=0)
    ana, ben = make_member(), make_member("ben@example.com")
    make_cycle(datetime(2026, 3, 1, tzinfo=UTC))
    first_collection_ended(NOW)
    make_event(ana, NOW - timedelta(days=3), 150)
    make_day(ana, (NOW - timedelta(days=3)).date(), 150, requests=1)
    make_event(ben, NOW - timedelta(hours=1), 150)
    report = detect(NOW, data_ages=FRESH)
    assert [(anomaly.member, anomaly.onset_at) for anomaly in report.opened] == [
        (ben, NOW - timedelta(hours=1))
    ]
    assert report.silent == 1


def test_cycle_spend_begins_at_the_instant_of_the_turn():
    configure(cycle_limit_dollars=100)
    ana = make_member()
    turn = datetime(2026, 3, 14, 21, 23, 8, tzinfo=UTC)
    make_cycle(turn)
    make_day(ana, turn.date(), 500, requests=1)
    make_day(ana, turn.date(), 60, requests=1, is_after_turn=True)
    make_event(ana, turn - timedelta(milliseconds=1), 500)
    make_event(ana, turn, 60)
    make_event(ana, NOW - timedelta(hours=2), 40)
    assert detect(NOW, data_ages=FRESH).opened == ()
    make_event(ana, NOW - timedelta(hours=1), "0.01")
    (anomaly,) = detect(NOW, data_ages=FRESH).opened
    assert (anomaly.observed, anomaly.onset_at) == (10001, NOW - timedelta(hours=1))


@pytest.mark.parametrize(
    "at",
    [
        datetime(2026, 2, 28, 23, 59, 59, tzinfo=UTC),
        datetime(2026, 3, 1, tzinfo=UTC),
        datetime(2028, 2, 29, 12, tzinfo=UTC),
        datetime(2026, 12, 31, 23, 59, 59, 999999, tzinfo=UTC),
    ],
)
def test_the_end_of_a_month_and_the_turn_of_a_cycle_raise_nothing_by_themselves(at):
    ana = make_member()
    make_cycle(at - timedelta(seconds=1))
    for back in range(1, 30):
        make_day(ana, (at - timedelta(days=back)).date(), 20)
    make_event(ana, at - timedelta(minutes=30), 20)
    assert detect(at, data_ages=FRESH).opened == ()


@pytest.mark.parametrize("kind", ["Errored, Not Charged", "USAGE_EVENT_KIND_ABORTED_NOT_CHARGED"])
def test_events_that_failed_are_no_requests_in_either_spelling(kind):
    configure(daily_requests_limit=5)
    ana = make_member()
    for minute in range(10):
        make_event(ana, NOW - timedelta(minutes=minute + 1), 0, kind=kind)
    assert detect(NOW, data_ages=FRESH).opened == ()


def test_an_empty_installation_is_judged_without_an_error():
    report = detect(NOW, data_ages=FRESH)
    assert (report.is_ok, report.summary) == (True, "0 new, 0 still there, 0 cleared")


def test_the_teams_budget_is_one_anomaly_with_the_event_that_crossed_it():
    configure(team_budget_dollars=100, own_baseline_sensitivity=0, spike_multiplier=0)
    ana, ben = make_member(), make_member("ben@example.com")
    make_cycle(datetime(2026, 3, 10, 12, tzinfo=UTC))
    for day, member, dollars in ((11, ana, 40), (12, ben, 50), (13, ana, 30)):
        make_event(member, datetime(2026, 3, day, 9, tzinfo=UTC), dollars)
        make_day(member, datetime(2026, 3, day, tzinfo=UTC).date(), dollars, requests=1)
    report = detect(NOW, data_ages=FRESH)
    (anomaly,) = report.opened
    assert (anomaly.member, anomaly.rule, anomaly.severity) == (None, "team_budget", "critical")
    assert anomaly.onset_at == datetime(2026, 3, 13, 9, tzinfo=UTC)
    assert anomaly.message.startswith("The team spent $120 in this cycle, 120 % of the budget of $100")
    assert len(detect(NOW, data_ages=FRESH).still) == 1


def test_what_somebody_spent_before_leaving_still_counts_toward_the_teams_budget():
    configure(team_budget_dollars=100, own_baseline_sensitivity=0, spike_multiplier=0)
    ana, ben = make_member(), make_member("ben@example.com")
    make_cycle(datetime(2026, 3, 10, tzinfo=UTC))
    for member in (ana, ben):
        make_event(member, datetime(2026, 3, 11, 9, tzinfo=UTC), 60)
        make_day(member, datetime(2026, 3, 11, tzinfo=UTC).date(), 60, requests=1)
    assert detect(NOW, data_ages=FRESH).opened[0].observed == 12_000
    Member.objects.filter(pk=ben.pk).update(gone_at=NOW, is_removed=True)
    (anomaly,) = detect(NOW + timedelta(hours=1), data_ages=FRESH).still
    assert (anomaly.rule, anomaly.observed) == ("team_budget", 12_000)


def test_members_at_their_spend_limit_are_named_in_one_anomaly():
    ana, ben = make_member(), make_member("ben@example.com", name="Ben Ito")
    cycle = make_cycle(datetime(2026, 3, 10, tzinfo=UTC))
    for member, cents in ((ana, 2000), (ben, 1999)):
        SpendSnapshot.objects.create(
            member=member,
            cycle=cycle,
            taken_at=NOW - timedelta(hours=1),
            confirmed_at=NOW,
            meaning="current",
            on_demand_cents=cents,
            limit_dollars=20,
        )
    (anomaly,) = detect(NOW, data_ages=FRESH).opened
    assert (
        anomaly.message == "1 member has reached the spend limit and can spend no more this cycle: Ana Ruiz"
    )
    assert (anomaly.member, anomaly.onset_at) == (None, None)
    SpendSnapshot.objects.filter(member=ben).update(on_demand_cents=2000)
    for hours in (1, 2):
        (anomaly,) = detect(NOW + timedelta(hours=hours), data_ages=FRESH).still
        assert anomaly.named_after(NOW) == {ben.pk}
    assert anomaly.named_after(NOW + timedelta(hours=1)) == set()


def test_a_past_hour_is_judged_by_the_limits_stated_by_then():
    ana = make_member()
    cycle = make_cycle(datetime(2026, 3, 10, tzinfo=UTC))
    for hours, cents in ((30, 2000), (-30, 2500)):
        SpendSnapshot.objects.create(
            member=ana,
            cycle=cycle,
            taken_at=NOW - timedelta(hours=hours),
            confirmed_at=NOW + timedelta(hours=40),
            meaning="current",
            on_demand_cents=cents,
            limit_dollars=20,
        )
    assert [anomaly.rule for anomaly in detect(NOW, data_ages=FRESH).opened] == ["members_limited"]


def test_a_past_hour_is_judged_by_who_was_there_and_by_the_verdicts_of_then():
    ana = make_member(gone_at=NOW + timedelta(days=1))
    ten_dollar_days(ana)
    runaway(ana)
    left_later = Exemption.objects.create(
        member=ana,
        cause="spend",
        kind="expected",
        created_at=NOW - timedelta(days=1),
        revoked_at=NOW + timedelta(hours=1),
    )
    assert detect(NOW, data_ages=FRESH).suppressed
    left_later.delete()
    assert detect(NOW, data_ages=FRESH).opened


def test_a_price_is_known_from_the_hours_that_were_over():
    ana = make_member()
    make_event(ana, NOW - timedelta(hours=2), 1, input_tokens=1000)
    make_event(ana, NOW + timedelta(hours=2), 9, input_tokens=1000)
    first = NOW.date() - timedelta(days=40)
    assert team_prices(charged_rows(first, NOW)).own == {"sonnet": 0.1}
    assert team_prices(charged_rows(first, NOW + timedelta(hours=3))).own == {"sonnet": 0.5}


@pytest.mark.parametrize("days_ago", [0, 10])
def test_a_credit_neither_hides_what_is_spent_beside_it_nor_breaks_the_run(days_ago):
    ana = make_member()
    ten_dollar_days(ana)
    runaway(ana)
    credited_at = datetime(2026, 3, 17, 2, tzinfo=UTC) - timedelta(days=days_ago)
    make_event(ana, credited_at, -5_000, model="credit")
    make_day(ana, credited_at.date(), -5_000, requests=0, model="credit", input_tokens=1_000)
    found = {anomaly.rule: anomaly for anomaly in detect(NOW, data_ages=FRESH).opened}
    assert "Ana Ruiz spent $80 in 24 h" in found["own_baseline"].message


def test_without_spend_snapshots_caps_are_no_data_and_the_rest_is_judged():
    ana = make_member()
    ten_dollar_days(ana)
    runaway(ana)
    report = detect(NOW, data_ages={"events": timedelta(0), "spend": None})
    assert [gap.rule for gap in report.no_data] == ["members_limited"]
    assert len(report.opened) == 3


def test_people_who_left_raise_nothing():
    ana = make_member(gone_at=NOW - timedelta(days=1))
    ten_dollar_days(ana)
    runaway(ana)
    assert detect(NOW, data_ages=FRESH).opened == ()


def test_a_revision_downward_corrects_the_figures_and_a_worse_day_raises_the_severity():
    ana = make_member()
    ten_dollar_days(ana)
    runaway(ana)
    detect(NOW, data_ages=FRESH)
    revised = ana.usage_events.get(occurred_at__hour=12)
    revised.charged_cents = 500
    revised.save()
    count_hour(revised)

    detect(NOW + timedelta(minutes=5), data_ages=FRESH)
    assert Anomaly.objects.get(rule="spike").observed == 7500

    make_event(ana, NOW + timedelta(minutes=6), 300)
    report = detect(NOW + timedelta(minutes=10), data_ages=FRESH)
    assert {anomaly.rule for anomaly in report.worsened} >= {"spike", "own_baseline"}
    assert Anomaly.objects.get(rule="spike").severity == "critical"


def test_a_run_about_the_past_leaves_newer_anomalies_alone():
    ana = make_member()
    ten_dollar_days(ana)
    runaway(ana)
    detect(NOW, data_ages=FRESH)
    before = list(Anomaly.objects.order_by("pk").values())
    report = detect(NOW - timedelta(days=5), data_ages=FRESH)
    assert list(Anomaly.objects.order_by("pk").values()) == before
    assert (report.opened, report.cleared) == ((), ())
