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
    members,
    spend,
    spend_limits,
)
from .http import Request, Row, SandboxResponse

ANALYTICS = ("analytics-team", "analytics-by-user", "ai-code")


@dataclass(frozen=True)
class Route:
    method: str
    pattern: str
    limit_class: str
    answer: Callable[[Request], Row]

    @property
    def is_analytics(self) -> bool:
        """Whether the plan may lack it, and the answers carry ETags."""
        return self.limit_class in ANALYTICS

    def respond(self, request: Request) -> SandboxResponse:
        return SandboxResponse(self.answer(request))


ROUTES = (
    Route("GET", "/teams/members", "admin", members.list_members),
    Route("POST", "/teams/daily-usage-data", "admin", daily_usage.list_daily_usage),
    Route("POST", "/teams/spend", "admin", spend.list_spend),
    Route("POST", "/teams/filtered-usage-events", "events", events.list_events),
    Route("GET", "/teams/groups", "groups", groups.answer_list),
    Route("GET", "/teams/groups/([^/]+)", "groups", groups.answer_one),
    Route("GET", "/teams/directory-groups", "groups", directory_groups.list_groups),
    Route("GET", "/teams/directory-groups/([^/]+)/members", "groups", directory_groups.list_group_members),
    Route("POST", "/teams/user-spend-limit", "spend-limit", spend_limits.set_one),
    Route("POST", "/teams/user-spend-limits", "spend-limits", spend_limits.set_many),
    Route("GET", "/teams/audit-logs", "audit-logs", audit_logs.list_audit_logs),
    Route("GET", "/analytics/team/([^/]+)", "analytics-team", analytics.answer_team),
    Route("GET", "/analytics/by-user/([^/]+)", "analytics-by-user", analytics.answer_by_user),
    Route("GET", "/analytics/ai-code/commits", "ai-code", ai_code.answer_commits),
    Route("GET", "/v1/me", "me", members.show_me),
    Route("GET", "/v1/agents/([^/]+)", "agents", agents.show_agent),
    Route("GET", "/v1/agents/([^/]+)/runs/([^/]+)", "agents", agents.show_run),
    Route("POST", "/v1/agents/([^/]+)/runs/([^/]+)/cancel", "agents", agents.cancel_run),
)


def match_route(method: str, path: str) -> tuple[Route, tuple[str, ...]] | None:
    """Return the route of an address and what its pattern caught, None if there is none."""
    for route in ROUTES:
        if route.method == method and (match := re.fullmatch(route.pattern + "/?", path)):
            return route, match.groups()
    return None
