"""What an answer states otherwise than others do, or less readably."""

from datetime import timedelta

import pytest

from collector.models import BillingCycle, UsageEvent
from collector.sources import spend
from tests.collector.fake_api import event, ms, spend_page, spend_row

from .test_events import LATER, NOON, START, WINDOW, sync, totals

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize(
    "later",
    [
        {"conversationId": None, "cloudAgentId": None},
        {"tokenUsage": None},
        {"tokenUsage": {"inputTokens": -1, "outputTokens": "many", "totalCents": None}},
        {"cursorTokenFee": "a lot"},
    ],
)
def test_what_a_later_answer_does_not_say_readably_stays_known(told, client, later):
    known = {"conversationId": "c1", "cloudAgentId": "bc-1"}
    sync(told, client, event(NOON, **known))
    truth, day = UsageEvent.objects.values().get(), totals()
    for _ in range(2):
        assert sync(told, client, event(NOON, **known | later), window=LATER).changed == 0
    assert (UsageEvent.objects.values().get(), totals()) == (truth, day)


def test_parts_of_a_cost_that_was_revised_are_those_of_the_new_one(told, client):
    sync(told, client, event(NOON))
    sync(told, client, event(NOON, chargedCents=8, cursorTokenFee=None), window=LATER)
    assert UsageEvent.objects.values_list("charged_cents", "token_fee_cents").get() == (8, None)


@pytest.mark.parametrize("is_exact_first", [True, False])
def test_an_event_whose_instant_comes_in_seconds_once_stays_one(told, client, is_exact_first):
    instants = [NOON + timedelta(milliseconds=part) for part in (123, 456)]
    tokens = [{"inputTokens": count, "totalCents": 20} for count in (1, 2)]
    exact = [event(at, tokenUsage=usage) for at, usage in zip(instants, tokens, strict=True)]
    cut = [event(NOON, tokenUsage=usage) | {"timestamp": ms(NOON) // 1000} for usage in reversed(tokens)]
    for rows in (exact, cut, exact, cut) if is_exact_first else (cut, exact, cut):
        sync(told, client, *rows)
        assert [row[4] for row in totals()] == [2]
    assert list(UsageEvent.objects.values_list("occurred_at", flat=True)) == instants


def test_a_cycle_that_is_stated_in_seconds_is_read_with_a_doubt(told, client):
    page = spend_page([spend_row("ana@example.com")], start=START)
    told.tell(spend.PATH, page | {"subscriptionCycleStart": ms(START) // 1000})
    assert spend.sync(client, WINDOW).noted == 1
    assert BillingCycle.objects.get().start_at == START
