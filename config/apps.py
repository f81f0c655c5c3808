import os
from contextlib import suppress
from pathlib import Path

from django.apps import AppConfig
from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.backends.signals import connection_created

from config import checks  # noqa: F401  (registers them)

NEW_FILE_BYTES = 4096  # SQLite's first page, before there is any table


class ConfigConfig(AppConfig):
    name = "config"

    def ready(self) -> None:
        connection_created.connect(restrict_new_database)


def restrict_new_database(connection: BaseDatabaseWrapper, **_: object) -> None:
    """Make a new SQLite file readable by its owner alone; an existing one keeps its mode."""
    path = Path(str(connection.settings_dict["NAME"]))
    if connection.vendor != "sqlite" or not path.is_file():
        return
    with suppress(OSError):
        if path.stat().st_size <= NEW_FILE_BYTES:
            os.chmod(path, 0o600)
