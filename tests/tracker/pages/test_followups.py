"""Suggestions of cheaper models, followed up and measured."""

from __future__ import annotations

from datetime import date, datetime, timedelta

import pytest
from django.test import Client
from django.utils import timezone

from collector.models import Member, MemberModelDay
from tests.groups.factories import make_day, make_member
from tracker.models import SavingFollowUp
from tracker.reports.followups import realised
from tracker.reports.people import everybody

pytestmark = pytest.mark.django_db
NOW = datetime(2026, 11, 3, 12, 0, tzinfo=timezone.get_fixed_timezone(0))
START = date(2026, 10, 4)


@pytest.fixture(autouse=True)
def team(time_machine) -> Member:
    """Eva spends $10 a day on opus, half of it billed, for tokens that cost $1 on sonnet; Bob uses sonnet."""
    time_machine.move_to(NOW, tick=False)
    eva, bob = make_member("eva@x.io", name="Eva Kovacs"), make_member("bob@x.io", name="Bob")
    for back in range(1, 31):
        day = NOW.date() - timedelta(days=back)
        make_day(eva, day, 1_000, billed_cents=500, model="opus", requests=10, input_tokens=1_000)
        make_day(eva, day, 100, model="sonnet", requests=10, input_tokens=1_000)
        make_day(bob, day, 100, model="sonnet", requests=30, input_tokens=1_000)
    return eva


def follow(client: Client, state: str, **more: str):
    eva = Member.objects.get(email="eva@x.io")
    return client.post("/savings/follow-up", {"member": eva.pk, "model": "opus", "state": state} | more)


def test_a_suggestion_comes_with_words_to_send_and_what_leaves_the_bill(client):
    text = client.get("/savings").text
    assert "Eva Kovacs</a>: sonnet instead of opus would take <strong>$135</strong> off the bill" in text
    assert "Hi Eva, your requests to opus came to $300.00 recently." in text
    assert "would have cost about $30." in text


def test_a_suggestion_that_would_not_change_the_bill_is_folded_and_does_not_mention_it(client):
    MemberModelDay.objects.update(billed_cents=0)
    text = client.get("/savings").text
    assert "1 more within the plan, which would not change the bill" in text
    assert "sonnet instead of opus would take <strong>$270</strong> of the plan. Spent: $300.00." in text
    assert "$0.00" not in text.split("Suggestions", 1)[1]


def test_of_many_suggestions_the_largest_are_shown_and_the_others_are_counted(client, monkeypatch):
    monkeypatch.setattr("tracker.views.savings.MOST_SHOWN", 1)
    ann = make_member("ann@x.io", name="Ann")
    make_day(ann, START, 2_000, model="opus", requests=10, input_tokens=2_000)
    text = client.get("/savings").text
    assert text.count("Message to send") == 1
    assert "Hi Eva" in text and "1 smaller suggestion not shown here" in text


def test_a_followed_up_suggestion_is_no_longer_suggested_and_keeps_its_reason(client):
    assert follow(client, "raised", reason="asked on Monday").status_code == 302
    text = client.get("/savings").text
    assert "Message to send" not in text
    assert "raised since 3 Nov 2026" in text
    assert "asked on Monday" in text
    follow(client, "accepted")
    row = SavingFollowUp.objects.get()
    assert (row.state, row.changed_by, row.token_share) == ("accepted", "visitor", 0.5)


def test_what_was_saved_since_is_measured_by_the_share_of_tokens_before(client, time_machine):
    follow(client, "raised")
    assert (
        '<td class="number">–</td><td class="number">–</td>' in client.get("/savings").text
    )  # not yet known
    eva = Member.objects.get(email="eva@x.io")
    for day in (date(2026, 11, 4), date(2026, 11, 5)):  # on the first as before, on the second without opus
        is_as_before = day.day == 4
        make_day(eva, day, 1_000, model="opus", requests=1, input_tokens=1_000 if is_as_before else 0)
        make_day(eva, day, 100, model="sonnet", requests=1, input_tokens=1_000 if is_as_before else 2_000)
    time_machine.move_to(NOW + timedelta(days=3), tick=False)
    [found] = realised(everybody(NOW.date()), timezone.now())
    assert found.estimated == pytest.approx(1_800)  # $9 a day
    assert found.saved == pytest.approx(900)
    assert "$9.00" in client.get("/savings").text
    so_far = "Suggestions that were followed up have saved $9.00 of an estimated $18.00 so far"
    assert so_far in client.get("/insights").text
    assert so_far not in client.get("/insights?model=opus").text  # they are followed up for all models
    follow(client, "declined")
    assert "have saved" not in client.get("/insights").text


def test_a_declined_suggestion_saves_nothing(client, time_machine):
    follow(client, "declined", reason="needs opus for the parser")
    eva = Member.objects.get(email="eva@x.io")
    make_day(eva, date(2026, 11, 4), 100, model="sonnet", requests=1, input_tokens=2_000)
    time_machine.move_to(NOW + timedelta(days=3), tick=False)
    assert [found.saved for found in realised(everybody(NOW.date()), timezone.now())] == [0]


def test_what_was_never_suggested_is_not_found(client):
    bob = Member.objects.get(email="bob@x.io")
    odd = ((99, "opus", "raised"), (2**63, "opus", "raised"), (bob.pk, "opus", "x"))
    for member, model, state in ((bob.pk, "sonnet", "raised"), *odd):
        data = {"member": member, "model": model, "state": state}
        assert client.post("/savings/follow-up", data).status_code == 404
    assert not SavingFollowUp.objects.exists()
