"""GET /teams/members, and GET /v1/me, which also answers personal keys."""

from datetime import date

from sandbox.company.instants import iso, midnight
from sandbox.company.members import Employee
from sandbox.http import Request, Row

from .spelling import title_email


def list_members(request: Request) -> Row:
    today, view = request.view.now.date(), request.view
    listed = [member for member in view.company.members if is_listed(member, today)]
    row = legacy_row if view.behaviour.has_legacy_shapes else present_row
    return {"teamMembers": [row(member, today) for member in listed]}


def is_listed(member: Employee, today: date) -> bool:
    """People with a seat, and people who left and are still listed."""
    return member.is_human and member.joined_on <= today and (today < member.left_on or member.is_listed)


def present_row(member: Employee, today: date) -> Row:
    return {
        "id": member.id,
        "name": member.name,
        "email": title_email(member),
        "role": member.role,
        "isRemoved": today >= member.left_on,
    }


def legacy_row(member: Employee, today: date) -> Row:
    return {"id": member.number, "name": member.name, "email": title_email(member), "role": member.role}


def show_me(request: Request) -> Row:
    company = request.view.company
    return {
        "apiKeyName": "sandbox",
        "createdAt": iso(midnight(company.first_day)),
        "userEmail": company.members[0].email,
    }
