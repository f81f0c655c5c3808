"""Setting spend limits through the made-up API, and what they stop."""

import pytest

from sandbox.company.instants import to_ms
from sandbox.faults import Reset, StatusFault

from .conftest import NOW

PATH, BULK = "/teams/user-spend-limit", "/teams/user-spend-limits"


def limits(api, email):
    row = api.post("/teams/spend", searchTerm=email)["teamMemberSpend"][0]
    return row["monthlyLimitDollars"], row["effectivePerUserLimitDollars"]


@pytest.fixture
def email(company):
    people = [m for m in company.members if m.is_human and m.holds_seat_on(NOW.date())]
    return next(m.email for m in people if m.group and not m.former_group and not m.limit_dollars)


def test_a_limit_is_set_removed_and_zero_is_zero_dollars(api, email):
    for dollars, shown in ((40, (40, 40)), (0, (0, 0)), (None, (None, 500))):
        answer = api.post(PATH, userEmail=email, spendLimitDollars=dollars)
        assert answer["outcome"] == "success"
        assert limits(api, email) == shown


@pytest.mark.parametrize(
    ("body", "message"),
    [
        ({"userEmail": "nobody", "spendLimitDollars": 5}, "Invalid email format"),
        ({"userEmail": "stranger@x.io", "spendLimitDollars": 5}, "User is not a member of this team"),
    ],
)
def test_a_refusal_is_answered_200_with_an_outcome(api, body, message):
    assert api.post(PATH, **body) == {"outcome": "error", "message": message}


def test_dollars_are_whole(api, email):
    for wrong in (1.5, "5", -1, True):
        assert (
            api.call("POST", PATH, json={"userEmail": email, "spendLimitDollars": wrong}).status_code == 400
        )
    assert api.call("POST", PATH, json={"userEmail": email}).status_code == 400


def test_a_plan_without_limits_is_answered_403(api, sandbox, email):
    sandbox.behaviour.update(limits_status=403)
    for path, body in ((PATH, {"userEmail": email}), (BULK, {"updates": []})):
        assert api.call("POST", path, json=body).status_code == 403


def test_the_groups_lower_limit_wins(api, sandbox, company, email):
    group = next(m.group for m in company.members if m.email == email)
    sandbox.api.spend_limits.group_dollars[group] = 25
    api.post(PATH, userEmail=email, spendLimitDollars=40)
    assert limits(api, email) == (40, 25)
    listed = {row["name"]: row for row in api.get("/teams/directory-groups")["groups"]}
    assert listed[group]["monthlySpendingLimitDollars"] == 25
    members = api.get(f"/teams/directory-groups/{listed[group]['id']}/members")["members"]
    assert email in {row["email"] for row in members}


def test_an_answer_that_is_lost_has_been_carried_out(api, sandbox, email):
    sandbox.faults.next(PATH, Reset())
    with pytest.raises(OSError):
        api.call("POST", PATH, json={"userEmail": email, "spendLimitDollars": 7})
    assert limits(api, email) == (7, 7)


def test_too_many_requests_are_answered_429(api, sandbox, email):
    sandbox.faults.next(PATH, StatusFault(429, retry_after=1))
    answer = api.call("POST", PATH, json={"userEmail": email, "spendLimitDollars": 7})
    assert (answer.status_code, answer.headers["Retry-After"]) == (429, "1")


def test_bulk_reports_each_entry_and_repeating_it_changes_nothing(api, email):
    updates = [
        {"userEmail": email, "spendLimitDollars": 9},
        {"userEmail": "stranger@x.io", "spendLimitDollars": 9},
    ]
    first, second = (api.post(BULK, updates=updates) for _ in range(2))
    assert (first["updatedCount"], first["unchangedCount"], first["failedCount"]) == (1, 0, 1)
    assert (second["updatedCount"], second["unchangedCount"], second["failedCount"]) == (0, 1, 1)
    assert limits(api, email) == (9, 9)


def test_bulk_refuses_all_of_a_malformed_list(api, email):
    entry = {"userEmail": email, "spendLimitDollars": 9}
    for updates in ([], [entry, entry], [entry] * 101, [{"userEmail": email, "spendLimitDollars": "x"}]):
        assert api.call("POST", BULK, json={"updates": updates}).status_code == 400
    assert limits(api, email) != (9, 9)


def test_a_runaway_stops_at_its_limit(api, sandbox, company):
    """Without a limit the spend would go on to the story's end; with one half-way it ends there."""
    cycle_of = company.anniversary.cycle
    within = [m for m in company.labels_at(company.until) if cycle_of(m.onset_at) == cycle_of(m.ended_at)]
    label = max(within, key=lambda label: label.extra_cents)
    begun, ended = label.onset_at, label.ended_at

    def spent_at(instant):
        sandbox.clock.freeze(instant)
        row = api.post("/teams/spend", searchTerm=label.email)["teamMemberSpend"][0]
        return row["overallSpendCents"]

    before, after = spent_at(begun), spent_at(ended)
    cap = round((before + after) / 200)
    sandbox.clock.freeze(begun)
    api.post(PATH, userEmail=label.email, spendLimitDollars=cap)
    stopped = spent_at(ended)
    window = {"startDate": to_ms(begun), "endDate": to_ms(ended)}
    largest = max(event["chargedCents"] for event in api.events(email=label.email, **window))
    assert before < cap * 100 < after
    assert cap * 100 <= stopped <= cap * 100 + largest  # the request that crosses it is still served
