from groups.reporting import focus
from groups.reporting.files import ExportCommand


class Command(ExportCommand):
    help = "Write spend as FOCUS 1.2: a row per member, model, surface and day, the group as sub-account."
    columns = focus.COLUMNS
    rows = staticmethod(focus.rows)
