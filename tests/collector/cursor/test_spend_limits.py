"""Reading a member's limit, and the one call that changes it."""

from decimal import Decimal

import pytest

from collector.cursor.errors import CursorApiError, Trouble
from collector.cursor.spend_limits import READ_PATH, WRITE_PATH, read_limit, write_limit
from tests.collector.fake_api import NOW, spend_page, spend_row

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize("dollars", [40, 0, None])
def test_the_body_is_the_documented_one(told, client, dollars):
    told.tell(WRITE_PATH, {"outcome": "success", "message": "done"})
    assert write_limit(client, "ana@example.com", dollars) == "done"
    assert told.asked[WRITE_PATH] == [{"userEmail": "ana@example.com", "spendLimitDollars": dollars}]


@pytest.mark.parametrize("status", [200, 400])
def test_an_outcome_of_error_is_a_refusal_whatever_the_status(told, client, status):
    told.tell(WRITE_PATH, (status, {"outcome": "error", "message": "Invalid email format"}, {}))
    with pytest.raises(CursorApiError, match="Invalid email format") as caught:
        write_limit(client, "ana", 5)
    assert (caught.value.permanent, caught.value.trouble) == (True, Trouble.REJECTED)


def test_a_key_that_may_not_write_is_refused(told, client):
    told.tell(WRITE_PATH, (403, {"error": "Forbidden", "message": "Enterprise access required"}, {}))
    with pytest.raises(CursorApiError, match="Enterprise access required") as caught:
        write_limit(client, "ana@example.com", 5)
    assert caught.value.trouble is Trouble.REFUSED


def test_the_limit_in_force_is_the_effective_one(told, client):
    row = spend_row("Ana@example.com", monthlyLimitDollars=80, effectivePerUserLimitDollars=50)
    told.tell(READ_PATH, spend_page([spend_row("ana@example.com.au"), row], start=NOW))
    found = read_limit(client, "ana@example.com")
    assert (found.own_dollars, found.decisive_dollars) == (Decimal(80), Decimal(50))
    assert told.asked[READ_PATH][0]["searchTerm"] == "ana@example.com"


@pytest.mark.parametrize(
    ("fields", "own"),
    [
        ({"hardLimitOverrideDollars": 0, "monthlyLimitDollars": None}, None),
        ({"hardLimitOverrideDollars": 0, "monthlyLimitDollars": 0}, 0),
        ({"hardLimitOverrideDollars": 30}, 30),
    ],
)
def test_an_override_of_zero_is_no_limit_but_a_limit_of_zero_is(told, client, fields, own):
    row = spend_row("ana@example.com", effectivePerUserLimitDollars=None) | fields
    told.tell(READ_PATH, spend_page([row], start=NOW))
    found = read_limit(client, "ana@example.com")
    assert (found.own_dollars, found.decisive_dollars) == (own, own)


def test_whoever_is_not_listed_has_no_limit_to_read(told, client):
    told.tell(READ_PATH, spend_page([spend_row("bo@example.com")], start=NOW))
    assert read_limit(client, "ana@example.com") is None
