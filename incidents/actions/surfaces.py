"""Where a slice of usage came from, in the words of the pages."""

from __future__ import annotations

from collector.models import Member

from .usage import UsageSlice


def surface_of_slice(part: UsageSlice, member: Member) -> str:
    """Service account, automation, cloud agent, Bugbot, CLI or IDE."""
    if member.kind == Member.Kind.SERVICE_ACCOUNT:
        return "Service account"
    if part.automation_id:
        return "Automation"
    if part.cloud_agent_id:
        return "Cloud agent"
    if "bugbot" in part.kind.lower():
        return "Bugbot"
    return "CLI" if part.is_headless else "IDE"
