"""Where a request came from, worked out a second time: without the database."""

from collector.models import Member, Surface, UsageEvent


def surface_for(event: UsageEvent) -> Surface:
    """Where the request of `event` came from."""
    if event.is_bugbot:
        return Surface.BUGBOT
    if event.automation_id:
        return Surface.AUTOMATION
    if event.cloud_agent_id:
        return Surface.CLOUD_AGENT
    if event.member.kind == Member.Kind.SERVICE_ACCOUNT:
        return Surface.SERVICE_ACCOUNT
    return Surface.CLI if event.is_headless else Surface.IDE
