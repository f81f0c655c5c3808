"""GET /v1/agents/ID, its runs, and POST …/cancel: a cloud agent that works until somebody stops it."""

from sandbox.company.instants import to_ms
from sandbox.http import HttpError, Request, Row


def show_agent(request: Request) -> Row:
    agent = _agent(request)
    return {
        "id": agent,
        "status": "ACTIVE",
        "url": f"https://cursor.com/agents/{agent}",
        "latestRunId": _run_of(agent),
    }


def show_run(request: Request) -> Row:
    run = _run(request)
    agent = _agent(request)
    status = "CANCELLED" if agent in request.view.runs.cancelled_ms else "RUNNING"
    return {"id": run, "agentId": agent, "status": status}


def cancel_run(request: Request) -> Row:
    """The agent makes no request from now on. A run that is over cannot be cancelled again."""
    run, agent, cancelled_ms = _run(request), _agent(request), request.view.runs.cancelled_ms
    if agent in cancelled_ms:
        raise HttpError(409, "Conflict", "Run is not active")
    cancelled_ms[agent] = to_ms(request.view.now)
    return {"id": run}


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
