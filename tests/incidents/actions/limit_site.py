"""A sandbox company whose limits the product may change, and one of its members."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from collector.cursor.client import CursorClient
from collector.cursor.limits import Limiter
from collector.models import Member
from incidents.actions.limits import LimitWish, carry_out, record_wish
from incidents.lifecycle import Actor
from incidents.models import Incident, LimitChange
from sandbox import Company, Sandbox, build_company
from tests.incidents.factories import make_incident, make_member

NOW = datetime(2026, 9, 16, 15, tzinfo=UTC)
BOSS = Actor(None, "Boss")
DAY = timedelta(days=1)


def small_company() -> Company:
    return build_company(members=12, days=35, seed=7, now=NOW)


@dataclass
class LimitSite:
    """What tests of limits need at hand."""

    sandbox: Sandbox
    client: CursorClient
    member: Member
    incident: Incident

    @property
    def own(self) -> int | None:
        """The member's own limit in Cursor."""
        employees = self.sandbox.company.members
        return self.sandbox.api.spend_limits.own(next(m for m in employees if m.email == self.member.email))

    @property
    def calls(self) -> int:
        return self.sandbox.api.spend_limits.calls

    def wish(self, dollars: int | None, key: str = "form-1", **fields) -> LimitWish:
        defaults = {"member": self.member, "to_dollars": dollars, "reason": "Runaway", "key": key}
        return LimitWish(**defaults | {"incident": self.incident} | fields)

    def record(self, dollars: int | None, key: str = "form-1", now: datetime = NOW, **fields) -> LimitChange:
        return record_wish(self.wish(dollars, key, **fields), BOSS, "page", now)

    def change(self, dollars: int | None, key: str = "form-1", now: datetime = NOW, **fields) -> LimitChange:
        return carry_out(self.record(dollars, key, now, **fields), self.client, now)

    def timeline(self) -> list[tuple[str, str]]:
        return list(self.incident.timeline.values_list("step", "text"))


def make_site(sandbox: Sandbox) -> LimitSite:
    people = [m for m in sandbox.company.members if m.is_human and m.holds_seat_on(NOW.date())]
    chosen = next(m for m in people if m.group and not m.former_group and not m.limit_dollars)
    member = make_member(chosen.email, name=chosen.name)
    client = CursorClient(
        sandbox.url, sandbox.key, limiter=Limiter(is_unlimited=True), sleep=lambda seconds: None
    )
    return LimitSite(sandbox, client, member, make_incident(member, severity="critical", detected_at=NOW))
