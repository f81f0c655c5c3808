"""GET /teams/audit-logs: who joined, who left, whose limit was set."""

from datetime import UTC, date, datetime, time, timedelta

from sandbox.company.company import Company
from sandbox.company.instants import iso, to_ms
from sandbox.company.members import Employee
from sandbox.http import Request, Row

from .ranges import MAX_DAYS, instant_range

MAX_ROWS = 500
OFFICE_HOUR = time(15)

Entry = tuple[datetime, str, Employee, str]  # when, event id, who, what


def list_audit_logs(request: Request) -> Row:
    start, end = instant_range(request, "startTime", "endTime", most_days=MAX_DAYS)
    end = min(end, request.view.now)
    rows = [row for row in _log(request.view.company) if start <= row[0] <= end and _is_wanted(request, row)]
    page = request.page(len(rows), maximum=MAX_ROWS)
    return {
        "events": [_row(request.view.company, row) for row in rows[::-1][page.rows]],
        "pagination": page.envelope("totalCount"),
        "params": {"teamId": 1, "startDate": to_ms(start), "endDate": to_ms(end)},
    }


def _log(company: Company) -> list[Entry]:
    """Return all entries of the company's history, oldest first."""
    rows: list[Entry] = []
    for member in company.members:
        if company.first_day < member.joined_on:
            rows.append(_entry(member.joined_on, member, "add_user"))
        if member.left_on < company.until.date():
            rows.append(_entry(member.left_on, member, "remove_user"))
        if member.limit_dollars is not None:
            rows.append(_entry(company.first_day + timedelta(days=3), member, "user_spend_limit"))
    return sorted(rows, key=lambda row: row[:2])


def _entry(day: date, member: Employee, event_type: str) -> Entry:
    at = datetime.combine(day, OFFICE_HOUR, UTC) + timedelta(minutes=member.index % 60)
    return at, f"evt_{event_type}_{member.number}", member, event_type


def _is_wanted(request: Request, row: Entry) -> bool:
    _, _, member, event_type = row
    types, users = request.query.get("eventTypes"), request.query.get("users")
    is_type = not types or event_type in types.split(",")
    return is_type and (not users or bool({member.email, member.id} & set(users.split(","))))


def _row(company: Company, row: Entry) -> Row:
    at, event_id, member, event_type = row
    return {
        "event_id": event_id,
        "timestamp": iso(at),
        "ip_address": "203.0.113.4",
        "user_email": company.members[0].email,
        "event_type": event_type,
        "event_data": {"email": member.email},
        "application_type": "cursor",
    }
