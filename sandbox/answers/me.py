"""GET /v1/me, which also answers personal keys."""

from sandbox.company.instants import iso, midnight
from sandbox.http import Request, SandboxResponse


def show_me(request: Request) -> SandboxResponse:
    company = request.view.company
    return SandboxResponse(
        {
            "apiKeyName": "sandbox",
            "createdAt": iso(midnight(company.first_day)),
            "userEmail": company.members[0].email,
        }
    )
