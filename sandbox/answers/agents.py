"""GET /v1/agents/ID, its runs, and POST …/cancel: a cloud agent that works until somebody stops it."""

from __future__ import annotations

from sandbox.http import HttpError, Request, SandboxResponse


def show_agent(request: Request) -> SandboxResponse:
    agent = _agent(request)
    return SandboxResponse(
        {
            "id": agent,
            "status": "ACTIVE",
            "url": f"https://cursor.com/agents/{agent}",
            "latestRunId": _run_of(agent),
        }
    )


def show_run(request: Request) -> SandboxResponse:
    run = _run(request)
    status = "CANCELLED" if run in request.view.cancelled_runs else "RUNNING"
    return SandboxResponse({"id": run, "agentId": _agent(request), "status": status})


def cancel_run(request: Request) -> SandboxResponse:
    """A run that is over cannot be cancelled again."""
    run = _run(request)
    if run in request.view.cancelled_runs:
        raise HttpError(409, "Conflict", "Run is not active")
    request.view.cancelled_runs.add(run)
    return SandboxResponse({"id": run})


def _agent(request: Request) -> str:
    agent = request.parts[0]
    if not agent.startswith("bc-"):
        raise HttpError(404, "Not Found", "Agent not found")
    return agent


def _run_of(agent: str) -> str:
    return f"run-{agent.removeprefix('bc-')}"


def _run(request: Request) -> str:
    run = request.parts[1]
    if run != _run_of(_agent(request)):
        raise HttpError(404, "Not Found", "Run not found")
    return run
