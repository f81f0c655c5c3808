"""GET /teams/directory-groups and their members: the identity provider's groups, with their spend limits."""

from sandbox.company.instants import iso, midnight
from sandbox.company.members import Employee, user_id
from sandbox.company.names import GROUPS
from sandbox.http import HttpError, Request, Row
from sandbox.state.view import View


def list_groups(request: Request) -> Row:
    page = request.page(len(GROUPS))
    groups = [_group(request.view, name) for name in GROUPS[page.rows]]
    return {"groups": groups, "pagination": page.envelope("totalCount")}


def list_group_members(request: Request) -> Row:
    names = {directory_group_id(name): name for name in GROUPS}
    if request.parts[0] not in names:
        raise HttpError(404, "Not Found", "Group not found")
    people = _people(request.view, names[request.parts[0]])
    page = request.page(len(people))
    rows = [
        {"userId": m.id, "email": m.email, "name": m.name, "joinedAt": iso(midnight(m.joined_on))}
        for m in people[page.rows]
    ]
    return {"members": rows, "pagination": page.envelope("totalCount")}


def directory_group_id(name: str) -> str:
    return "team_group_" + user_id(8_000 + GROUPS.index(name))[5:]


def _group(view: View, name: str) -> Row:
    return {
        "id": directory_group_id(name),
        "name": name,
        "memberCount": len(_people(view, name)),
        "monthlySpendingLimitDollars": view.limits.group_dollars.get(name),
        "createdAt": iso(midnight(view.company.first_day)),
        "updatedAt": iso(midnight(view.company.first_day)),
    }


def _people(view: View, name: str) -> list[Employee]:
    today = view.now.date()
    return [
        m for m in view.company.members if m.is_human and m.holds_seat_on(today) and m.group_on(today) == name
    ]
