"""Events that a later answer states otherwise, or less readably."""

import pytest

from collector.models import UsageEvent
from tests.collector.fake_api import event

from .test_events import LATER, NOON, sync, totals

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
