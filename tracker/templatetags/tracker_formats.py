"""`tracker.widgets.formats` as template filters, and `{% ago %}`, which needs the page's own `now`."""

from datetime import datetime

from django import template

from collector.base.names import current
from tracker.widgets import formats

register = template.Library()

for name in (
    "money", "money_short", "money_range", "rate", "count", "count_short", "percent", "multiple",
    "day", "full_day", "instant", "duration",
):  # fmt: skip
    register.filter(name, getattr(formats, name))


@register.filter
def actor(name: str) -> str:
    """Who did something, as the reader may see it."""
    return current().actor(name)


@register.filter
def free_text(text: str, by: str) -> str:
    """What `by` wrote; nothing where the reader may not know who that is."""
    return current().free_text(text, by)


@register.filter
def error_text(text: str) -> str:
    """What went wrong with a channel, as the reader sees it."""
    return current().error_text(text)


@register.simple_tag(takes_context=True)
def ago(context: template.Context, value: datetime | None) -> str:
    """`3 h ago` with the instant on hover, counted from the page's `now`."""
    return formats.ago(value, context["now"])
