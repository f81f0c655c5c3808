"""Where a request came from, by what its event names."""

from functools import lru_cache

from django.db.models import Case, CharField, Q, Value, When

from collector.models import Member, Surface, UsageEvent

# The first that holds decides. An automation starts cloud agents, and a service account either of them.
DECIDED_BY: tuple[tuple[Q, Surface], ...] = (
    (Q(is_bugbot=True), Surface.BUGBOT),
    (~Q(automation_id=""), Surface.AUTOMATION),
    (~Q(cloud_agent_id=""), Surface.CLOUD_AGENT),
    (Q(member__kind=Member.Kind.SERVICE_ACCOUNT), Surface.SERVICE_ACCOUNT),
    # No client attached and no agent named: the CLI without its screen, in a script or a build.
    (Q(is_headless=True), Surface.CLI),
)


def surface_for(event: UsageEvent) -> Surface:
    """Where the request of `event` came from: what `surface_in_sql` says of it, without the database."""
    if event.is_bugbot:
        return Surface.BUGBOT
    if event.automation_id:
        return Surface.AUTOMATION
    if event.cloud_agent_id:
        return Surface.CLOUD_AGENT
    if event.member.kind == Member.Kind.SERVICE_ACCOUNT:
        return Surface.SERVICE_ACCOUNT
    return Surface.CLI if event.is_headless else Surface.IDE


def surface_in_sql() -> Case:
    """`surface_for`, of the events of a query."""
    cases = [When(condition, then=Value(surface.value)) for condition, surface in DECIDED_BY]
    return Case(*cases, default=Value(Surface.IDE.value), output_field=CharField())


@lru_cache(1024)
def is_by_bugbot(*, model: str, kind: str, is_free: bool = False) -> bool:
    """Whether an event is a review by Bugbot: the answers of 2025 say so, later ones name it."""
    return is_free or "bugbot" in model.lower() or "bugbot" in kind.lower()
