"""GET /analytics/team/:metric and /analytics/by-user/:metric."""

from datetime import date

import numpy as np

from sandbox.company.columns import Events
from sandbox.company.instants import DAY_MS, day_ms
from sandbox.company.members import Employee
from sandbox.http import HttpError, Request, Row, bad_request

from .metrics import METRICS, Metric
from .ranges import day_range
from .spelling import title_email

MAX_USERS = 500
TEAM_ONLY = {"dau"}
METRIC_SPELLINGS = {"top-file-extensions": "top-files"}


def answer_team(request: Request) -> Row:
    metric = _metric(request)
    first, last = day_range(request)
    events = _events_of_people(request, first, last)
    return {"data": metric(request.view.company.members, events), "params": _params(request, first, last)}


def answer_by_user(request: Request) -> Row:
    """Pages count people: those active in the range, by their e-mail."""
    metric = _metric(request)
    if request.parts[0] in TEAM_ONLY:
        raise _no_metric(request)
    first, last = day_range(request)
    events = _events_of_people(request, first, last)
    members = request.view.company.members
    people = sorted((members[index] for index in np.unique(events.member).tolist()), key=lambda m: m.email)
    page = request.page(len(people), maximum=MAX_USERS)
    chosen = people[page.rows]
    return {
        "data": {title_email(m): metric(members, events.take(events.member == m.index)) for m in chosen},
        "pagination": page.envelope("totalUsers"),
        "params": _params(request, first, last)
        | {
            "page": page.number,
            "pageSize": page.size,
            "userMappings": [{"id": m.id, "email": title_email(m)} for m in chosen],
        },
    }


def _metric(request: Request) -> Metric:
    if request.parts[0] not in METRICS:
        raise _no_metric(request)
    return METRICS[request.parts[0]]


def _no_metric(request: Request) -> HttpError:
    return HttpError(404, "Not Found", f"No such metric: {request.parts[0]}")


def _events_of_people(request: Request, first: date, last: date) -> Events:
    """Return the events of people, only of those named in `users` if there are any."""
    events = request.view.events(day_ms(first), day_ms(last) + DAY_MS - 1)
    people = [m for m in request.view.company.members if m.is_human]
    if wanted := request.query.get("users"):
        people = named_people(people, wanted.split(","))
    return events.take(np.isin(events.member, [m.index for m in people]))


def named_people(people: list[Employee], names: list[str]) -> list[Employee]:
    """Return the people with these e-mails or ids; 400 if one is unknown."""
    people_by_key = {key: m for m in people for key in (m.email, m.id)}
    keys = [name.strip() if name.strip() in people_by_key else name.strip().lower() for name in names]
    if unknown := [key for key in keys if key not in people_by_key]:
        raise bad_request(f"Unknown users: {', '.join(unknown)}")
    return [people_by_key[key] for key in keys]


def _params(request: Request, first: date, last: date) -> Row:
    metric = request.parts[0]
    return {
        "metric": METRIC_SPELLINGS.get(metric, metric),
        "teamId": 1,
        "startDate": first.isoformat(),
        "endDate": last.isoformat(),
    }
