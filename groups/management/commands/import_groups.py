from groups.imports.command import ImportCommand
from groups.models import GroupImport


class Command(ImportCommand):
    help = "Put members into the groups of a CSV (email, name, group) as export_groups writes it."
    kind = GroupImport.FileKind.BACKUP
