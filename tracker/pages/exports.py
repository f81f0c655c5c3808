"""What of a page can be had as CSV."""

from __future__ import annotations

from tracker.widgets.charts import Chart
from tracker.widgets.tables import Table


class ExportedPage:
    """A page whose fields are its tables and charts, among others."""

    @property
    def exports(self) -> dict[str, Chart | Table]:
        """All of them, by their keys."""
        return {item.key: item for item in vars(self).values() if isinstance(item, Chart | Table)}
