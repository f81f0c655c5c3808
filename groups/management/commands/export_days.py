from groups.reporting import export_days
from groups.reporting.files import ExportCommand


class Command(ExportCommand):
    help = "Write daily totals: a row per day, group, member, model and surface, in US dollars."
    columns = export_days.COLUMNS
    rows = staticmethod(export_days.rows)
