"""`tracker.widgets.formats` as template filters, and `{% ago %}`, which needs the page's own `now`."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django import template

from tracker.widgets import formats

register = template.Library()

for name in (
    "money", "money_short", "rate", "count", "count_short", "percent", "multiple",
    "day", "full_day", "instant", "duration",
):  # fmt: skip
    register.filter(name, getattr(formats, name))


@register.simple_tag(takes_context=True)
def ago(context: dict[str, Any], value: datetime | None) -> str:
    """`3 h ago` with the instant on hover, counted from the page's `now`."""
    return formats.ago(value, context["now"])
