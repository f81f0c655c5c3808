"""Components of pages as tags: `{% chart daily %}`, `{% table members %}`, budgets, and the demo's card."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

from django import template
from django.conf import settings
from django.template import Context
from django.template.loader import render_to_string
from django.utils.safestring import SafeString, mark_safe

from collector.base.days import utc_day
from collector.base.names import current
from collector.models import BillingCycle, Member
from groups.budgets.states import member_state
from incidents.notifying.budgets import budget_amounts
from tracker.access.roles import Role
from tracker.filters import known_until
from tracker.models import DemoStory
from tracker.reports.budgets import FORECASTS, BudgetLine, budget_panel
from tracker.widgets import formats
from tracker.widgets.charts import Chart
from tracker.widgets.tables import Table, query_string_with
from tracker.widgets.trees import Tree

register = template.Library()


def component(context: Context, part: Chart | Table[Any] | Tree[Any]) -> SafeString:
    """`{% chart … %}` with its legend, caption, table and CSV, `{% table … %}` sortable and paged, and
    `{% tree … %}` of groups that fold; the page includes `components/chart_scripts.html` or `js/teams.js`."""
    shown: dict[str, object] = {part.component: part}
    shown["csv_url"] = query_string_with(context["request"].GET, {"csv": part.key})
    if isinstance(part, Chart):  # in an attribute: htmx, as it is set up here, takes every <script> out
        shown["data"] = json.dumps(part.data, separators=(",", ":"))
    text = render_to_string(f"components/{part.component}.jinja", shown, using="jinja2")
    return mark_safe(text)  # noqa: S308  # nosec B308 B703  the template escapes every value


for name in ("chart", "table", "tree"):
    register.simple_tag(component, takes_context=True, name=name)


@register.inclusion_tag("components/budgets.html", takes_context=True)
def budgets(context: Context, cycle: BillingCycle | None = None) -> dict[str, object]:
    """Budgets of the present cycle, or of `cycle`; nothing where none of a group or member is set."""
    now, filters = context["now"], context.get("filters")
    if filters is None:
        amounts, group_ids, groups = budget_amounts(cycle, now) if cycle else None, None, None
    else:
        cycle, amounts, groups = filters.cycles[0], filters.budgets, filters.groups
        group_ids = filters.group.group_ids if filters.group else None
    if cycle is None or amounts is None:
        return {"panel": None}
    known = known_until(context["request"], now)
    span = f"{formats.full_day(utc_day(cycle.start_at))} to {formats.full_day(utc_day(cycle.end_at))}"
    panel = budget_panel(cycle, amounts, now, known, context["visible"], group_ids, groups)
    return {"panel": panel, "note": f"Billing cycle of {span}. {FORECASTS}", "cycle": cycle}


@register.inclusion_tag("components/member_budget.html", takes_context=True)
def member_budget(context: Context, member: Member) -> dict[str, object]:
    """How the member's budget stands by the page's own forecast, and links to the limit's pages."""
    access, is_person = context["request"].access, member.kind == Member.Kind.PERSON
    filters, report = context["filters"], context["report"]
    cycle, known = filters.cycles[0], filters.period.known_until
    state = member_state(member, cycle, filters.now, filters.budgets, known, report.rows) if cycle else None
    return {
        "line": BudgetLine(replace(state, expect=lambda: report.forecast)) if state else None,
        "member": member,
        "is_admin": is_person and access.may(Role.ADMIN),
        "is_own": is_person and access.email.lower() == member.email,
    }


@register.inclusion_tag("tracker/partials/demo_card.html")
def demo_card() -> dict[str, object]:
    """What to look at, for whoever may read everybody's name. One query in a demo, none elsewhere."""
    is_shown = settings.DEMO and current().sees_all and not current().are_hidden
    return {"stories": list(DemoStory.objects.all()) if is_shown else []}
