"""Charts and tables as tags: `{% chart daily %}`, `{% table members %}`."""

from __future__ import annotations

from django import template

from tracker.widgets.charts import Chart
from tracker.widgets.tables import Table

register = template.Library()


@register.inclusion_tag("components/chart.html")
def chart(chart: Chart) -> dict[str, object]:
    """A chart with its legend, caption, table and CSV; the page includes `components/chart_scripts.html`."""
    return {"chart": chart}


@register.inclusion_tag("components/table.html")
def table(table: Table[object]) -> dict[str, object]:
    """A sortable, paged table with its CSV."""
    return {"table": table}
