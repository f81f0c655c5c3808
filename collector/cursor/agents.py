"""Stopping a cloud agent's run by Cursor's Cloud Agents API, with a key of its own: team keys may not.

GET /v1/agents/ID names the latest run, POST /v1/agents/ID/runs/RUN/cancel ends it; read 2026-11-28 in
clients of it.
"""

from urllib.parse import quote

from django.conf import settings

from .client import CursorClient
from .errors import CursorApiError
from .records import AgentAnswer, AgentRunAnswer
from .rows import parse

CANCELLED = "CANCELLED"
# Of a run that is over by itself.
OVER = {"FINISHED", "ERROR", "EXPIRED", CANCELLED}


def agents_client() -> CursorClient:
    """The client with the key for cloud agents. It never waits, because a person is waiting for the page."""
    return CursorClient(settings.CURSOR_API_URL, settings.CURSOR_AGENTS_API_KEY, sleep=lambda _: None)


def cancel_agent(client: CursorClient, agent_id: str) -> str:
    """Cancel the agent's latest run and return its status, read back; repeating it changes nothing."""
    path = f"/v1/agents/{quote(agent_id, safe='')}"
    run_id = parse(AgentAnswer, client.get(path).payload, "/v1/agents/ID").latest_run_id
    if not run_id:
        return "no run"
    run_path = f"{path}/runs/{quote(run_id, safe='')}"
    if read_status(client, run_path) not in OVER:
        try:
            client.post(f"{run_path}/cancel", {})
        except CursorApiError:
            if read_status(client, run_path) not in OVER:  # it may have ended in between
                raise
    return read_status(client, run_path)


def read_status(client: CursorClient, run_path: str) -> str:
    return parse(AgentRunAnswer, client.get(run_path).payload, "/v1/agents/ID/runs/RUN").status
