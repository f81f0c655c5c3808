import pytest

from detection.models import DetectionSettings
from tracker.models import AuditEntry

pytestmark = pytest.mark.django_db

DEFAULTS = {
    "thresholds": {"maxSpendCentsPerCycle": 0, "maxRequestsPerDay": 0, "maxTokensPerDay": 0},
    "zscore": {"multiplier": 2.5, "windowDays": 7},
    "trends": {"spendSpikeMultiplier": 5.0, "spendSpikeLookbackDays": 7, "cycleOutlierMultiplier": 10.0},
    "expensiveModel": {"costPerReqSpikeMultiplier": 3.0, "minDailySpendCents": 2000},
    "cronIntervalMinutes": 60,
    "enableInfoAnomalies": False,
    "teamBudgetCents": 0,
}


def test_the_defaults_are_those_promised(script):
    body = script("viewer")("get", "/api/settings").json()
    assert {name: body[name] for name in DEFAULTS} == DEFAULTS


def test_what_is_sent_changes_and_the_rest_stays(script):
    call = script("admin")
    changes = {
        "thresholds": {"maxSpendCentsPerCycle": 40_050},
        "zscore": {"multiplier": 3},
        "teamBudgetCents": 1,
    }
    answer = call("put", "/api/settings", changes)
    assert answer.status_code == 200
    row = DetectionSettings.get_solo()
    assert (str(row.cycle_limit_dollars), str(row.team_multiplier)) == ("400.50", "3.00")
    assert (str(row.team_budget_dollars), row.team_window_days) == ("0.01", 7)
    assert answer.json() == call("get", "/api/settings").json() | {"ok": True}
    assert answer.json()["thresholds"]["maxSpendCentsPerCycle"] == 40_050


def test_what_get_answers_can_be_put_back_unchanged(script):
    call = script("admin")
    before = call("get", "/api/settings").json()
    assert call("put", "/api/settings", before).json() == before | {"ok": True}


def test_the_history_and_the_audit_log_say_who_did_it(script):
    script("admin")("put", "/api/settings", {"cooldownHours": 12})
    assert DetectionSettings.history.first().history_change_reason == "API, token admin script"
    entry = AuditEntry.objects.get()
    assert (entry.actor_name, entry.target, entry.detail) == (
        "token admin script",
        "PUT /api/settings",
        "changed the continuation window from 24 h to 12 h",
    )


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({"thresholds": None}, "thresholds"),
        ({"thresholds": {"maxRequestsPerDay": None}}, "thresholds.maxRequestsPerDay"),
        ({"thresholds": {"maxRequestsPerDay": "abc"}}, "thresholds.maxRequestsPerDay"),
        ({"thresholds": {"maxRequestsPerDay": "5"}}, "thresholds.maxRequestsPerDay"),
        ({"thresholds": {"maxRequestsPerDay": -1}}, "thresholds.maxRequestsPerDay"),
        ({"thresholds": {"maxRequestsPerDay": 10**30}}, "thresholds.maxRequestsPerDay"),
        ({"thresholds": {"maxSpendCentsPerCycle": 10**15}}, "thresholds.maxSpendCentsPerCycle"),
        ({"zscore": {"multiplier": "abc"}}, "zscore.multiplier"),
        ({"zscore": {"multiplier": True}}, "zscore.multiplier"),
        ({"zscore": {"multiplier": 0.5}}, "zscore.multiplier"),
        ({"zscore": {"multiplier": 2.555}}, "zscore.multiplier"),
        ({"zscore": {"windowDays": 0}}, "zscore.windowDays"),
        ({"zscore": {"windowDays": 7.5}}, "zscore.windowDays"),
        ({"trends": []}, "trends"),
        ({"cronIntervalMinutes": 5}, "cronIntervalMinutes"),
        ({"enableInfoAnomalies": "yes"}, "enableInfoAnomalies"),
        ({"teamBudget": 5}, "teamBudget"),
        ([], "body"),
    ],
)
def test_a_value_that_makes_no_sense_is_refused_and_nothing_is_stored(script, body, field):
    call = script("admin")
    before = call("get", "/api/settings").json()
    answer = call("put", "/api/settings", body)
    assert answer.status_code == 400
    assert answer.json()["error"] == "bad_request"
    assert list(answer.json()["fields"]) == [field]
    assert call("get", "/api/settings").json() == before


@pytest.mark.parametrize("body", ["", "{", "{'a': 1}", '{"zscore": {"multiplier": NaN}}', b"\xff\xfe"])
def test_a_body_that_is_no_json_is_refused(script, body):
    answer = script("admin")("put", "/api/settings", body)
    assert answer.status_code == 400
    assert answer.json()["message"]


def test_a_change_based_on_an_old_reading_is_refused(script):
    call = script("admin")
    etag = call("get", "/api/settings")["ETag"]
    assert call("put", "/api/settings", {"cooldownHours": 1}, **{"If-Match": etag}).status_code == 200
    answer = call("put", "/api/settings", {"cooldownHours": 2}, **{"If-Match": etag})
    assert (answer.status_code, answer.json()["error"]) == (412, "precondition_failed")
    assert DetectionSettings.get_solo().continuation_hours == 1
    etag = call("get", "/api/settings")["ETag"]
    assert call("put", "/api/settings", {"cooldownHours": 2}, **{"If-Match": etag}).status_code == 200


def test_the_etag_of_a_compressed_answer_is_taken_back(script):
    """Most clients ask for gzip, and compression makes an ETag a weak one."""
    call = script("admin")
    etag = call("get", "/api/settings", **{"Accept-Encoding": "gzip"})["ETag"]
    assert etag.startswith("W/")
    assert call("put", "/api/settings", {"cooldownHours": 1}, **{"If-Match": etag}).status_code == 200
    assert call("put", "/api/settings", {"cooldownHours": 2}, **{"If-Match": etag}).status_code == 412
