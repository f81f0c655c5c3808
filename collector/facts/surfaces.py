"""Where a request came from, by what its event names."""

from functools import lru_cache

from django.db.models import Case, CharField, Q, Value, When

from collector.models import Member, Surface

# The first that holds decides. An automation starts cloud agents, and a service account either of them.
DECIDED_BY: tuple[tuple[Q, Surface], ...] = (
    (Q(is_bugbot=True), Surface.BUGBOT),
    (~Q(automation_id=""), Surface.AUTOMATION),
    (~Q(cloud_agent_id=""), Surface.CLOUD_AGENT),
    (Q(member__kind=Member.Kind.SERVICE_ACCOUNT), Surface.SERVICE_ACCOUNT),
    # No client attached and no agent named: the CLI without its screen, in a script or a build.
    (Q(is_headless=True), Surface.CLI),
)


def surface_in_sql() -> Case:
    """Where the requests of a query's events came from."""
    cases = [When(condition, then=Value(surface.value)) for condition, surface in DECIDED_BY]
    return Case(*cases, default=Value(Surface.IDE.value), output_field=CharField())


@lru_cache(1024)
def is_by_bugbot(*, model: str, kind: str, is_free: bool = False) -> bool:
    """Whether an event is a review by Bugbot: the answers of 2025 say so, later ones name it."""
    return is_free or "bugbot" in model.lower() or "bugbot" in kind.lower()
