"""Cloud agents at the made-up API: one that is stopped makes no more requests, and all others go on."""

from collections import Counter
from datetime import timedelta

import pytest

from sandbox.company.instants import from_ms

from .conftest import NOW


@pytest.fixture
def agent(api) -> str:
    """The one with the most requests."""
    counts = Counter(row["cloudAgentId"] for row in api.events() if "cloudAgentId" in row)
    return counts.most_common(1)[0][0]


def test_a_cancelled_run_makes_no_more_requests_and_nobody_else_loses_one(api, sandbox, agent):
    before = api.events()
    instants = sorted(int(row["timestamp"]) for row in before if row.get("cloudAgentId") == agent)
    assert len(instants) > 2
    at_ms = instants[len(instants) // 2]
    sandbox.clock.freeze(from_ms(at_ms))
    latest = api.get(f"/v1/agents/{agent}")["latestRunId"]
    run = f"/v1/agents/{agent}/runs/{latest}"
    assert api.get(run)["status"] == "RUNNING"
    api.post(f"{run}/cancel")
    assert api.get(run)["status"] == "CANCELLED"
    assert api.call("POST", f"{run}/cancel").status_code == 409
    sandbox.clock.freeze(NOW + timedelta(seconds=1))
    after = api.events()
    stopped = [row for row in before if row.get("cloudAgentId") == agent and int(row["timestamp"]) >= at_ms]
    assert stopped and after == [row for row in before if row not in stopped]
