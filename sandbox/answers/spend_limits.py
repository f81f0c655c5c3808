"""POST /teams/user-spend-limit and /teams/user-spend-limits: what a member may spend in a cycle."""

from collections import Counter

from sandbox.company.instants import to_ms
from sandbox.company.members import Employee
from sandbox.http import HttpError, Request, Row, bad_request

from .members import is_listed

MAX_UPDATES = 100


def set_one(request: Request) -> Row:
    """Errors are answered with 200 and `outcome: error`, as the documentation shows them."""
    _check_enabled(request)
    body = request.body
    email = body.get("userEmail")
    if not isinstance(email, str) or "@" not in email:
        return {"outcome": "error", "message": "Invalid email format"}
    dollars = _limit_dollars(body)
    member = _member(request, email)
    if member is None:
        return {"outcome": "error", "message": "User is not a member of this team"}
    _set(request, member, dollars)
    text = "removed" if dollars is None else f"set to ${dollars}"
    return {"outcome": "success", "message": f"Spend limit {text} for {email}"}


def set_many(request: Request) -> Row:
    """An unknown member fails its own entry; anything malformed fails all."""
    _check_enabled(request)
    updates = request.body.get("updates")
    if not isinstance(updates, list) or not 1 <= len(updates) <= MAX_UPDATES:
        raise bad_request(f"updates must hold 1 to {MAX_UPDATES} entries")
    emails = [str(entry.get("userEmail", "")).lower() if isinstance(entry, dict) else "" for entry in updates]
    if any("@" not in email for email in emails) or len(set(emails)) < len(emails):
        raise bad_request("each entry needs a userEmail of its own")
    limits = [_limit_dollars(entry) for entry in updates]
    results = [_result(request, email, dollars) for email, dollars in zip(emails, limits, strict=True)]
    counts = Counter(result["status"] for result in results)
    return {
        "requestedCount": len(results),
        "updatedCount": counts["updated"],
        "unchangedCount": counts["unchanged"],
        "failedCount": counts["failed"],
        "results": results,
    }


def _result(request: Request, email: str, dollars: int | None) -> Row:
    member = _member(request, email)
    if member is None:
        return {"userEmail": email, "status": "failed", "message": "User is not a member of this team"}
    is_same = request.view.limits.own(member) == dollars
    if not is_same:
        _set(request, member, dollars)
    return {"userEmail": email, "status": "unchanged" if is_same else "updated"}


def _set(request: Request, member: Employee, dollars: int | None) -> None:
    view = request.view
    if view.behaviour.keeps_limits:
        return  # success that changes nothing, as where a higher limit of the team or a group holds
    view.limits.set_dollars(member, dollars, to_ms(view.now))


def _check_enabled(request: Request) -> None:
    if request.view.behaviour.limits_status == 403:
        raise HttpError(403, "Forbidden", "Enterprise access required")


def _limit_dollars(entry: Row) -> int | None:
    """The limit in whole dollars, None for no limit; 400 if it is missing or not valid."""
    if "spendLimitDollars" in entry:
        dollars = entry["spendLimitDollars"]
        if dollars is None or (type(dollars) is int and dollars >= 0):
            return dollars
    raise bad_request("spendLimitDollars must be a whole number of dollars or null")


def _member(request: Request, email: str) -> Employee | None:
    today = request.view.now.date()
    return next(
        (m for m in request.view.company.members if m.email == email.lower() and is_listed(m, today)), None
    )
