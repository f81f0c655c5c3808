import re
from datetime import UTC, datetime
from decimal import Decimal

import pytest
import requests

from collector.cursor.client import CursorClient
from collector.cursor.errors import CursorApiError, Trouble
from tests.collector.fake_api import make_client

PATH = "/teams/members"
GOOD = {"teamMembers": []}


def waits_of(client: CursorClient) -> list[float]:
    waits: list[float] = []
    client.sleep = waits.append
    return waits


def test_decimals_are_exact_and_never_floats(told, client):
    told.tell(PATH, (200, '{"cents": 2450.125487, "n": 3}', {}))
    assert client.get(PATH).payload == {"cents": Decimal("2450.125487"), "n": 3}


def test_a_byte_that_is_no_letter_costs_its_letter_alone(told, client):
    told.tell(PATH, (200, b'\xef\xbb\xbf{"name": "An\xffa"}', {}))
    assert client.get(PATH).payload == {"name": "An\ufffda"}


def test_the_key_is_the_user_name_of_basic_auth(told, client):
    told.tell(PATH, GOOD)
    client.get(PATH)
    assert told.authorization[PATH] == "Basic a2V5X3NlY3JldDo="  # key_secret:


def test_a_netrc_of_the_machine_has_no_say_in_the_key(told, client, tmp_path, monkeypatch):
    (tmp_path / "netrc").write_text("default login someone password private\n")
    monkeypatch.setenv("NETRC", str(tmp_path / "netrc"))
    told.tell(PATH, GOOD)
    client.get(PATH)
    assert told.authorization[PATH] == "Basic a2V5X3NlY3JldDo="


def test_analytics_may_have_a_key_of_their_own(told):
    client = make_client(analytics_key="other")
    for path in ("/analytics/team/dau", PATH):
        told.tell(path, GOOD)
        client.get(path)
    assert told.authorization == {"/analytics/team/dau": "Basic b3RoZXI6", PATH: "Basic a2V5X3NlY3JldDo="}


@pytest.mark.parametrize(
    "failure",
    [
        (503, "<html>", {}),
        (429, {"error": "Too Many Requests"}, {}),
        (200, '{"teamMembers": [{"id', {}),
        (200, "", {}),
        requests.ReadTimeout("read timed out"),
        requests.ConnectionError("Connection aborted"),
        requests.exceptions.ChunkedEncodingError("IncompleteRead"),
        requests.exceptions.ContentDecodingError("incorrect data check"),
        (408, "took too long", {}),
        (425, "", {}),
    ],
)
def test_what_may_pass_is_asked_again(told, client, failure):
    told.tell(PATH, failure, failure, GOOD)
    assert client.get(PATH).payload == GOOD
    assert client.requests_made == 3


def test_what_the_vendor_says_of_an_error_can_be_stored(told, client):
    told.tell(PATH, (400, {"message": "no\x00 \ud83d\x1b\n good"}, {}))
    with pytest.raises(CursorApiError, match="answered 400 no good$"):
        client.get(PATH)


@pytest.mark.parametrize("error", [{"error": "down"}, {"code": "error", "message": "down", "error": "x"}])
def test_an_error_that_comes_with_200_is_told_in_the_vendors_words(told, client, error):
    told.tell(PATH, error)
    with pytest.raises(
        CursorApiError, match="^GET /teams/members answered 200 with an error: down. "
    ) as caught:
        client.get(PATH)
    assert (caught.value.permanent, caught.value.trouble) == (False, Trouble.REJECTED)


def test_it_gives_up_after_seven_tries_with_a_line_that_says_what_happened(told, client):
    told.tell(PATH, (503, "down", {}))
    with pytest.raises(CursorApiError) as caught:
        client.get(PATH)
    assert (
        str(caught.value) == "GET /teams/members: it answered 503, 7 times in a row. The next run asks again"
    )
    assert (caught.value.permanent, caught.value.trouble) == (False, Trouble.BUSY)
    assert client.requests_made == 7


def test_a_retry_after_in_seconds_is_kept_to(told, client):
    waits = waits_of(client)
    told.tell(PATH, (429, {}, {"Retry-After": "30"}), GOOD)
    client.get(PATH)
    assert len(waits) == 1 and 30 <= waits[0] <= 37.5


def test_a_retry_after_of_an_hour_is_left_to_the_next_run(told, client):
    told.tell(PATH, (429, {}, {"Retry-After": "3600"}), GOOD)
    with pytest.raises(CursorApiError, match="^GET /teams/members: it answered 429. The next run asks again"):
        client.get(PATH)
    assert client.requests_made == 1


def test_a_retry_after_as_a_date_is_kept_to(told, client, time_machine):
    time_machine.move_to(datetime(2026, 9, 16, 15, 0, 0, tzinfo=UTC), tick=False)
    waits = waits_of(client)
    told.tell(PATH, (429, {}, {"Retry-After": "Wed, 16 Sep 2026 15:00:50 GMT"}), GOOD)
    client.get(PATH)
    assert len(waits) == 1 and 50 <= waits[0] <= 62.5


@pytest.mark.parametrize("status", [429, 403, 400])
def test_a_refusal_that_says_when_to_ask_again_is_a_limit(told, client, status):
    waits = waits_of(client)
    told.tell(PATH, (status, {"message": "Rate limit exceeded"}, {"Retry-After": "30"}), GOOD)
    assert client.get(PATH).payload == GOOD
    assert len(waits) == 1 and 30 <= waits[0] <= 37.5


@pytest.mark.parametrize("problem", ["Rate limit exceeded", "rate_limit_exceeded", "Too many requests"])
def test_a_403_that_speaks_of_a_limit_is_one(told, client, problem):
    waits = waits_of(client)
    told.tell(PATH, (403, {"error": problem}, {}), GOOD)
    assert client.get(PATH).payload == GOOD
    assert len(waits) == 1


@pytest.mark.parametrize("status", [201, 202, 203])
def test_an_answer_that_a_proxy_calls_its_own_is_read(told, client, status):
    told.tell(PATH, (status, GOOD, {}))
    assert client.get(PATH).payload == GOOD


@pytest.mark.parametrize("status", [401, 402, 403, 404, 405, 410, 501])
def test_a_refused_key_is_not_tried_twice_and_the_line_says_what_to_do(told, client, status):
    told.tell(PATH, (status, {"error": "Unauthorized", "message": "Invalid API key key_secret"}, {}))
    with pytest.raises(CursorApiError, match="CURSOR_ADMIN_API_KEY") as caught:
        client.get(PATH)
    assert (caught.value.permanent, caught.value.trouble) == (True, Trouble.REFUSED)
    assert client.requests_made == 1
    assert "key_secret" not in str(caught.value)


@pytest.mark.parametrize(
    ("status", "advice"),
    [(401, "to a valid team key from"), (403, "to one that may read this, else one with scope admin:* from")],
)
def test_a_key_is_not_asked_to_be_mightier_than_the_answer_requires(told, client, status, advice):
    told.tell(PATH, (status, {"message": "no"}, {}))
    with pytest.raises(CursorApiError, match=re.escape(f"set CURSOR_ADMIN_API_KEY {advice}")):
        client.get(PATH)


@pytest.mark.parametrize(("status", "trouble"), [(401, Trouble.SECOND_KEY), (403, Trouble.REFUSED)])
def test_a_refused_key_of_the_analytics_is_called_by_its_own_name(told, status, trouble):
    told.tell("/analytics/team/dau", (status, {"message": "Invalid API key"}, {}))
    with pytest.raises(CursorApiError, match="set CURSOR_ANALYTICS_API_KEY .*or unset it") as caught:
        make_client(analytics_key="other").get("/analytics/team/dau")
    assert caught.value.trouble is trouble


def test_another_4xx_is_told_with_the_vendors_words(told, client):
    told.tell(PATH, (400, {"error": "Bad Request", "message": "Range over 30 days"}, {}))
    with pytest.raises(CursorApiError, match="answered 400 Range over 30 days"):
        client.get(PATH)


@pytest.mark.parametrize("body", ["<html>Sign in</html>", "hello", '"text', "[" * 100_000])
def test_what_is_not_json_is_a_foreign_host(told, client, body):
    told.tell(PATH, (200, body, {}))
    with pytest.raises(CursorApiError, match=r"not JSON: is CURSOR_API_URL \(cursor.test\)") as caught:
        client.get(PATH)
    assert caught.value.trouble is Trouble.FOREIGN
    assert client.requests_made == 1


def test_a_redirect_is_not_followed_with_the_key(told, client):
    told.tell(PATH, (302, "", {"Location": "https://elsewhere.test/"}))
    with pytest.raises(CursorApiError, match="answered 302"):
        client.get(PATH)


def test_nobody_at_the_address_is_told_within_three_tries(client):
    client.base_url = "http://127.0.0.1:1"
    with pytest.raises(CursorApiError) as caught:
        client.get(PATH)
    assert str(caught.value) == (
        "Cannot reach 127.0.0.1:1 (connection refused): check CURSOR_API_URL and the network"
    )
    assert client.requests_made == 3


def test_a_body_without_end_is_refused(told, client, monkeypatch):
    monkeypatch.setattr("collector.cursor.client.LARGEST_BODY", 10)
    told.tell(PATH, (200, '{"teamMembers": []}', {}))
    with pytest.raises(CursorApiError, match="larger than"):
        client.get(PATH)


def test_an_etag_that_still_holds_brings_no_payload(told, client):
    told.tell(PATH, (304, "", {"ETag": 'W/"1"'}))
    answer = client.get(PATH, etag='W/"1"')
    assert (answer.is_unchanged, answer.payload) == (True, None)


def test_no_key_says_where_to_get_one(settings):
    settings.CURSOR_ADMIN_API_KEY = ""
    with pytest.raises(CursorApiError, match="cursor.com/dashboard"):
        CursorClient.from_settings()
