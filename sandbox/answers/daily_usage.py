"""POST /teams/daily-usage-data: a row per person and UTC day; pages count people."""

from datetime import date, timedelta

from sandbox.company.daily import EmployeeDay, daily_activity
from sandbox.company.instants import DAY_MS, day_ms, day_of
from sandbox.http import Request, Row, bad_request

from .ranges import check_length
from .spelling import daily_email


def list_daily_usage(request: Request) -> Row:
    start_ms, end_ms = _range(request)
    first, last = day_of(start_ms), min(day_of(end_ms), request.view.now.date())
    body: Row = {"period": {"startDate": start_ms, "endDate": end_ms}}
    people = [
        m for m in request.view.company.members if m.is_human and m.joined_on <= last and m.left_on > first
    ]
    if "page" not in request.body and "pageSize" not in request.body:
        return {"data": _rows(request, first, last, None), **body}
    page = request.page(len(people), size=1000)
    body["pagination"] = page.envelope("totalUsers")
    chosen = {member.index for member in people[page.rows]}
    return {"data": _rows(request, first, last, chosen), **body}


def _range(request: Request) -> tuple[int, int]:
    start_ms, end_ms = request.milliseconds("startDate"), request.milliseconds("endDate")
    if start_ms is None or end_ms is None:
        raise bad_request("startDate and endDate are required")
    check_length(timedelta(milliseconds=end_ms - start_ms))
    return start_ms, end_ms


def _rows(request: Request, first: date, last: date, chosen: set[int] | None) -> list[Row]:
    """Return the rows of the chosen people, or of all who were active when `chosen` is None."""
    view = request.view
    events = view.events(day_ms(first), day_ms(last) + DAY_MS - 1)
    activity = daily_activity(view.company.members, events, first, last, only_active=chosen is None)
    return [_row(row) for row in activity if chosen is None or row.member.index in chosen]


def _row(activity: EmployeeDay) -> Row:
    return {
        "userId": activity.member.number,
        "day": activity.day.isoformat(),
        "date": day_ms(activity.day),
        "email": daily_email(activity.member),
        "isActive": activity.is_active,
        "totalLinesAdded": activity.lines_added,
        "totalLinesDeleted": activity.lines_deleted,
        "acceptedLinesAdded": activity.accepted_lines_added,
        "acceptedLinesDeleted": activity.accepted_lines_deleted,
        "totalApplies": activity.applies,
        "totalAccepts": activity.accepts,
        "totalRejects": activity.applies - activity.accepts,
        "totalTabsShown": activity.tabs_shown,
        "totalTabsAccepted": activity.tabs_accepted,
        "composerRequests": 0,
        "chatRequests": activity.chat_requests,
        "agentRequests": activity.agent_requests,
        "cmdkUsages": activity.cmdk_requests,
        "subscriptionIncludedReqs": activity.included_requests,
        "apiKeyReqs": 0,
        "usageBasedReqs": activity.usage_based_requests,
        "bugbotUsages": 0,
        "mostUsedModel": activity.most_used_model,
        "applyMostUsedExtension": activity.extension,
        "tabMostUsedExtension": activity.extension,
        "clientVersion": activity.client_version,
    }
