import pytest
import requests

from sandbox import Sandbox


@pytest.fixture
def strict(company):
    """A sandbox with the vendor's limits and a minute that only passes when told."""
    with Sandbox(company) as sandbox, requests.Session() as session:
        session.auth = (sandbox.key, "")
        seconds = [600.0]
        sandbox.limits.clock = lambda: seconds[0]

        def statuses(method, path, times):
            return [session.request(method, sandbox.url + path, timeout=30).status_code for _ in range(times)]

        yield sandbox, statuses, seconds


def test_the_request_over_the_limit_is_refused_until_the_next_minute(strict):
    sandbox, statuses, seconds = strict
    assert statuses("GET", "/teams/members", 21) == [200] * 20 + [429]
    seconds[0] = 659.9
    assert statuses("GET", "/teams/members", 1) == [429]
    seconds[0] = 660.0
    assert statuses("GET", "/teams/members", 1) == [200]
    assert sandbox.limits.refused == {"admin": 2}
    assert sandbox.limits.busiest_minute() == {"admin": 20}


def test_each_class_has_a_budget_of_its_own(strict):
    sandbox, statuses, _ = strict
    assert statuses("POST", "/teams/spend", 20) == [200] * 20
    assert statuses("GET", "/teams/members", 1) == [429]  # the same class
    assert statuses("POST", "/teams/filtered-usage-events", 61) == [200] * 60 + [429]
    assert statuses("GET", "/teams/groups", 21) == [200] * 20 + [429]


def test_a_wrong_key_uses_up_nothing(strict):
    sandbox, statuses, _ = strict
    for _ in range(25):
        requests.get(f"{sandbox.url}/teams/members", auth=("wrong", ""), timeout=30)
    assert statuses("GET", "/teams/members", 1) == [200]


def test_limits_can_be_switched_off_and_are_still_counted(strict):
    sandbox, statuses, _ = strict
    sandbox.behaviour.update(enforces_limits=False)
    assert statuses("GET", "/teams/members", 25) == [200] * 25
    assert sandbox.limits.busiest_minute() == {"admin": 25}
