"""A request that has passed the guard: who makes it, and what they may do."""

from dataclasses import dataclass, field
from datetime import datetime

from django.contrib.auth.models import User
from django.http import HttpRequest

from incidents.lifecycle.moves import Actor
from tracker.access.roles import Role
from tracker.models import AccessSettings, ApiToken


@dataclass(frozen=True)
class Access:
    """Who asks, and what they may do; `request.access` in views, templates and the API."""

    role: Role
    name: str = "visitor"
    user: User | None = None
    token: ApiToken | None = None
    is_bad_token: bool = False
    policy: AccessSettings = field(default_factory=AccessSettings, compare=False)

    def may(self, role: Role) -> bool:
        return self.role >= role

    @property
    def sees(self) -> str:
        """One of `AccessSettings.Privacy`: privacy is from viewers only."""
        return AccessSettings.Privacy.NAMES if self.may(Role.RESPONDER) else self.policy.viewers_see

    @property
    def actor(self) -> Actor:
        """Who acts, as incidents and limits record it."""
        return Actor(self.user, self.name)

    @property
    def email(self) -> str:
        return self.user.email if self.user else ""


class AccessRequest(HttpRequest):
    """What views get: Django's request, and what the middlewares put on it."""

    access: Access
    audit_detail: str  # a view may put what it did here, for the audit log
    changed_nothing: bool  # set by a view that redirects although nothing came of what was asked
    known_until: datetime | None  # up to when usage is known, asked once a request
    events_until: datetime | None  # what the watermark of usage events says of it
    stored_mark: str  # what `changes` had stored when a request that only reads began
