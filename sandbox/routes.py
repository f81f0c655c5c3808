"""Which address is answered by what, and on which budget."""

import re
from collections.abc import Callable
from dataclasses import dataclass

from .answers import (
    agents,
    ai_code,
    analytics,
    audit_logs,
    daily_usage,
    directory_groups,
    events,
    groups,
    me,
    members,
    spend,
    spend_limits,
)
from .http import Request, SandboxResponse

ANALYTICS = ("analytics-team", "analytics-by-user", "ai-code")


@dataclass(frozen=True)
class Route:
    method: str
    pattern: re.Pattern[str]
    limit_class: str
    answer: Callable[[Request], SandboxResponse]

    @property
    def is_analytics(self) -> bool:
        """Whether the plan may lack it, and the answers carry ETags."""
        return self.limit_class in ANALYTICS


def _route(
    method: str, pattern: str, limit_class: str, answer: Callable[[Request], SandboxResponse]
) -> Route:
    return Route(method, re.compile(pattern + "/?"), limit_class, answer)


ROUTES = (
    _route("GET", "/teams/members", "admin", members.list_members),
    _route("POST", "/teams/daily-usage-data", "admin", daily_usage.list_daily_usage),
    _route("POST", "/teams/spend", "admin", spend.list_spend),
    _route("POST", "/teams/filtered-usage-events", "events", events.list_events),
    _route("GET", "/teams/groups", "groups", groups.answer_list),
    _route("GET", "/teams/groups/([^/]+)", "groups", groups.answer_one),
    _route("GET", "/teams/directory-groups", "groups", directory_groups.list_groups),
    _route("GET", "/teams/directory-groups/([^/]+)/members", "groups", directory_groups.list_group_members),
    _route("POST", "/teams/user-spend-limit", "spend-limit", spend_limits.set_one),
    _route("POST", "/teams/user-spend-limits", "spend-limits", spend_limits.set_many),
    _route("GET", "/teams/audit-logs", "audit-logs", audit_logs.list_audit_logs),
    _route("GET", "/analytics/team/([^/]+)", "analytics-team", analytics.answer_team),
    _route("GET", "/analytics/by-user/([^/]+)", "analytics-by-user", analytics.answer_by_user),
    _route("GET", "/analytics/ai-code/commits", "ai-code", ai_code.answer_commits),
    _route("GET", "/v1/me", "me", me.show_me),
    _route("GET", "/v1/agents/([^/]+)", "agents", agents.show_agent),
    _route("GET", "/v1/agents/([^/]+)/runs/([^/]+)", "agents", agents.show_run),
    _route("POST", "/v1/agents/([^/]+)/runs/([^/]+)/cancel", "agents", agents.cancel_run),
)


def match_route(method: str, path: str) -> tuple[Route, tuple[str, ...]] | None:
    """Return the route of an address and what its pattern caught, None if there is none."""
    for route in ROUTES:
        if route.method == method and (match := route.pattern.fullmatch(path)):
            return route, match.groups()
    return None
