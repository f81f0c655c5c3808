"""Addresses in Cursor where a person can look closer or act."""

from urllib.parse import quote

# The dashboard's own tabs are documented nowhere: members and models are one click from its root.
DASHBOARD = "https://cursor.com/dashboard"
AGENT = "https://cursor.com/agents/"
AUTOMATION = "https://cursor.com/automations/"


def agent_url(agent_id: str) -> str:
    """The page of one cloud agent, which has the button that stops its run."""
    return AGENT + quote(agent_id, safe="")


def automation_url(automation_id: str) -> str:
    return AUTOMATION + quote(automation_id, safe="")
