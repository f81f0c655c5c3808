from collections.abc import Iterator
from datetime import date

from groups.reporting import export_days
from groups.reporting.files import ExportCommand


class Command(ExportCommand):
    help = "Write daily totals: a row per day, group, member, model and surface, in US dollars."
    columns = export_days.COLUMNS

    def rows(self, first: date, last: date) -> Iterator[dict[str, object]]:
        return export_days.rows(first, last)
