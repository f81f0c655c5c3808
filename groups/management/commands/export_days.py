from collections.abc import Iterator
from typing import Any

from groups.reporting import export_days
from groups.reporting.files import ExportCommand


class Command(ExportCommand):
    help = "Write daily totals: a row per day, group, member, model and surface, in US dollars."
    columns = export_days.COLUMNS

    def rows(self, options: dict[str, Any]) -> Iterator[dict[str, object]]:
        return export_days.rows(options["first"], options["last"])
