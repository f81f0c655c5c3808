import pytest

BAD = (
    ("POST", "/teams/filtered-usage-events", {"startDate": 1e20}),
    ("POST", "/teams/filtered-usage-events", {"endDate": -1}),
    ("POST", "/teams/filtered-usage-events", {"startDate": True}),
    ("POST", "/teams/filtered-usage-events", {"startDate": 1789000000000, "endDate": 1788000000000}),
    ("POST", "/teams/filtered-usage-events", {"page": 0}),
    ("POST", "/teams/filtered-usage-events", {"pageSize": float("inf")}),
    ("POST", "/teams/spend", {"page": None}),
    ("POST", "/teams/daily-usage-data", {"startDate": 0, "endDate": 1e15}),
    ("GET", "/teams/groups", {"billingCycle": "0001-01-01"}),
    ("GET", "/teams/audit-logs", {"pageSize": 501}),
    ("GET", "/analytics/team/dau", {"startDate": "99999999999d"}),
    ("GET", "/analytics/ai-code/commits", {"user": "nobody@acme.example"}),
    ("GET", "/analytics/ai-code/commits", {"pageSize": 1001}),
)


@pytest.mark.parametrize(("method", "path", "parameters"), BAD)
def test_what_cannot_be_answered_is_refused_with_a_reason(api, method, path, parameters):
    options = {"json": parameters} if method == "POST" else {"params": parameters}
    if parameters.get("pageSize") == float("inf"):
        options = {"data": '{"pageSize": Infinity}'}
    answer = api.call(method, path, **options)
    assert answer.status_code == 400
    assert answer.json()["error"] == "Bad Request" and answer.json()["message"]
