import pytest

from .conftest import NOW


def test_the_clock_can_be_set_advanced_and_let_run(api, sandbox):
    assert api.get("/_sandbox/state")["now"] == "2026-09-16T15:00:00.000Z"
    assert api.post("/_sandbox/clock", now="2026-09-01T12:00:00+02:00")["now"] == "2026-09-01T10:00:00.000Z"
    assert api.post("/_sandbox/clock", advanceSeconds=90)["now"] == "2026-09-01T10:01:30.000Z"
    api.post("/_sandbox/clock", run=True)
    assert sandbox.clock.now() > NOW


def test_faults_can_be_planned_made_likely_and_cleared(api):
    api.post("/_sandbox/faults", fault="503", path="/teams/members", times=2)
    assert [api.call("GET", "/teams/members").status_code for _ in range(3)] == [503, 503, 200]
    api.post("/_sandbox/faults", fault="500", probability=1)
    assert api.call("GET", "/teams/members").status_code == 500
    state = api.post("/_sandbox/faults", clear=True)
    assert state["faults"] == {"StatusFault": 3}
    assert state["requests"] == {"/teams/members": 4}
    assert api.call("GET", "/teams/members").status_code == 200


def test_switches_take_effect(api):
    everything = api.get("/_sandbox/truth")["count"]
    api.post("/_sandbox/behaviour", retention_days=3)
    assert api.get("/_sandbox/truth")["count"] < everything


def test_truth_can_be_bounded_and_listed(api, sandbox):
    bounds = {"start": "2026-09-15T00:00:00Z", "end": "2026-09-16T00:00:00Z"}
    sums = api.get("/_sandbox/truth", **bounds)
    listed = api.get("/_sandbox/truth", rows=1, **bounds)
    assert sums.keys() == {"count", "chargedCents", "billedCents"}
    assert len(listed["rows"]) == sums["count"] > 100


def test_labels_name_what_has_begun(api):
    labels = api.get("/_sandbox/labels")["labels"]
    assert len(labels) == 6
    assert labels[-1]["kind"] == "runaway_agent"
    assert labels[-1]["onsetAt"].startswith("2026-09-16T10:")
    api.post("/_sandbox/clock", now="2026-08-01T00:00:00Z")
    assert api.get("/_sandbox/labels")["labels"] == []


@pytest.mark.parametrize(
    ("path", "body"),
    [
        ("clock", {"now": "2026-09-01T12:00:00"}),
        ("clock", {"now": "noon"}),
        ("faults", {"fault": "flood"}),
        ("behaviour", {"colour": "red"}),
    ],
)
def test_nonsense_is_refused_with_a_reason(api, path, body):
    answer = api.call("POST", f"/_sandbox/{path}", json=body)
    assert answer.status_code == 400
    assert answer.json()["message"]


def test_an_unknown_control_address_lists_the_known_ones(api):
    answer = api.call("GET", "/_sandbox/nothing")
    assert answer.status_code == 404
    assert "GET truth" in answer.json()["message"]
