"""POST /teams/filtered-usage-events: newest first, pages counted from 1, bounds included."""

from datetime import timedelta

import numpy as np

from sandbox.company.columns import Events
from sandbox.company.instants import DAY_MS, to_ms
from sandbox.company.members import MemberKind
from sandbox.http import Request, Row, bad_request

from .event_rows import event_rows
from .ranges import check_length

HOSTING_TYPES = {"CLOUD", "SELF_HOSTED", "SELF_HOSTED_POOL", "SELF_HOSTED_MACHINE"}
MAX_ROWS = 1000
DEFAULT_DAYS_MS = 30 * DAY_MS  # the vendor's default window is undocumented


def list_events(request: Request) -> Row:
    view = request.view
    end_ms = request.milliseconds("endDate") or to_ms(view.now)
    start_ms = request.milliseconds("startDate") or end_ms - DEFAULT_DAYS_MS
    check_length(timedelta(milliseconds=end_ms - start_ms), most_days=None)
    events = filtered(request, view.events(start_ms, end_ms))
    page = request.page(len(events), maximum=MAX_ROWS)
    newest_first = events.take(slice(None, None, -1)).take(page.rows)
    return {
        "totalUsageEventsCount": len(events),
        "pagination": {
            "numPages": page.pages,
            "currentPage": page.number,
            "pageSize": page.size,
            "hasNextPage": page.has_next,
            "hasPreviousPage": page.has_previous,
        },
        "usageEvents": event_rows(view, newest_first),
        "period": {"startDate": start_ms, "endDate": end_ms},
    }


def filtered(request: Request, events: Events) -> Events:
    """Return the events that pass every filter named in the body."""
    body, members = request.body, request.view.company.members
    if body.get("hostingType") not in (None, *HOSTING_TYPES):
        raise bad_request("Invalid hostingType")
    wanted = [
        lambda m: body.get("email") is None or m.email == str(body["email"]).lower(),
        lambda m: body.get("userId") is None or m.number == body["userId"],
        lambda m: body.get("serviceAccountId") is None or m.id == body["serviceAccountId"],
        lambda m: body.get("automationId") is None or _matches(m.id, m.kind, body["automationId"]),
    ]
    chosen = [member.index for member in members if all(wish(member) for wish in wanted)]
    keep = np.isin(events.member, chosen)
    if len(chosen) < len(members):
        events = events.take(keep)
    return events if body.get("cloudAgentId") is None else events.take(events.is_headless)


def _matches(member_id: str, kind: MemberKind, wish: object) -> bool:
    return kind is MemberKind.AUTOMATION and wish in ("*", member_id)
