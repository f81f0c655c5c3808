"""GET /v1/me, which also answers personal keys."""

from __future__ import annotations

from sandbox.company.instants import iso, midnight
from sandbox.http import Answer, Request


def answer(request: Request) -> Answer:
    company = request.view.company
    return Answer(
        {
            "apiKeyName": "sandbox",
            "createdAt": iso(midnight(company.first_day)),
            "userEmail": company.members[0].email,
        }
    )
