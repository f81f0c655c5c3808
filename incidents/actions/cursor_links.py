"""Addresses at Cursor where a person can look closer or act."""

from __future__ import annotations

from urllib.parse import quote

# As Cursor's own answers and pages spell them, read 2026-11-28.
AGENT = "https://cursor.com/agents/"
AUTOMATION = "https://cursor.com/automations/"
MODELS = "https://cursor.com/dashboard?tab=settings"
MEMBERS = "https://cursor.com/dashboard?tab=members"


def agent_url(agent_id: str) -> str:
    """The page of one cloud agent, which has the button that stops its run."""
    return AGENT + quote(agent_id, safe="")


def automation_url(automation_id: str) -> str:
    return AUTOMATION + quote(automation_id, safe="")
