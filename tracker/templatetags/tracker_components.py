"""Charts and tables as tags: `{% chart daily %}`, `{% table members %}`."""

from __future__ import annotations

from django import template
from django.template.loader import render_to_string
from django.utils.safestring import SafeString, mark_safe

from tracker.widgets.charts import Chart
from tracker.widgets.tables import Table

register = template.Library()


@register.simple_tag
def chart(chart: Chart) -> SafeString:
    """A chart with its legend, caption, table and CSV; the page includes `components/chart_scripts.html`."""
    return rendered("chart", chart=chart)


@register.simple_tag
def table(table: Table[object]) -> SafeString:
    """A sortable, paged table with its CSV."""
    return rendered("table", table=table)


def rendered(name: str, **context: object) -> SafeString:
    text = render_to_string(f"components/{name}.jinja", context, using="jinja2")
    return mark_safe(text)  # noqa: S308  # nosec B308 B703  the template escapes every value
