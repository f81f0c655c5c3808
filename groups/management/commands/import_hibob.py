from groups.imports.command import ImportCommand
from groups.models import GroupImport


class Command(ImportCommand):
    help = "Put members into the groups that HiBob's People Directory (a CSV) lists for them."
    kind = GroupImport.FileKind.HIBOB
