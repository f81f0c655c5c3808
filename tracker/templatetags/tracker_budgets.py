"""Budgets as tags: `{% budgets %}` for a list, `{% member_budget member %}` for a line."""

from __future__ import annotations

from datetime import datetime

from django import template
from django.template import Context
from django.utils import timezone

from collector.base.days import utc_day
from collector.models import BillingCycle, Member
from tracker.access.privacy import visible_ids
from tracker.access.roles import Role
from tracker.reports.budgets import budget_lines, has_budgets, member_budget_line
from tracker.widgets import formats

register = template.Library()


@register.inclusion_tag("components/budgets.html", takes_context=True)
def budgets(context: Context, cycle_start: datetime | None = None) -> dict[str, object]:
    """Budgets of the present cycle, or of the one that begins at `cycle_start`; nothing where none is set."""
    if not has_budgets():
        return {"lines": []}
    filters, now = context.get("filters"), timezone.now()
    if filters is not None:
        now = filters.now
    cycles = BillingCycle.objects
    cycle = cycles.filter(start_at=cycle_start).first() if cycle_start else cycles.at(now)
    if cycle is None:
        return {"lines": []}
    visible = visible_ids(context["request"].access, utc_day(now))
    group = filters.group.group_ids if filters is not None and filters.group else None
    span = f"{formats.full_day(utc_day(cycle.start_at))} to {formats.full_day(utc_day(cycle.end_at))}"
    return {"lines": budget_lines(cycle, now, visible, group), "note": f"Billing cycle of {span}."}


@register.inclusion_tag("components/member_budget.html", takes_context=True)
def member_budget(context: Context, member: Member) -> dict[str, object]:
    """How the member's budget stands in the present cycle, and links to the limit's pages."""
    access, is_person = context["request"].access, member.kind == Member.Kind.PERSON
    return {
        "line": member_budget_line(member, timezone.now()),
        "member": member,
        "is_admin": is_person and access.may(Role.ADMIN),
        "is_own": is_person and access.email.lower() == member.email,
    }
