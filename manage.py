#!/usr/bin/env python3
"""Django's command line for this project."""

import gc
import os
import sys
from importlib.util import find_spec
from pathlib import Path

# `python manage.py …`, as the pages and docs write it, by another Python than the one that `make run` set up.
if not find_spec("django"):
    own = Path(__file__).resolve().parent / ".venv" / "bin" / "python"
    if Path(sys.executable) == own or not own.exists():
        sys.exit("Django is not installed for this Python. Run make install first.")
    os.execv(own, [str(own), *sys.argv])  # noqa: S606 (this command again, as it was typed)

from django.core.exceptions import ImproperlyConfigured
from django.core.management import execute_from_command_line
from django.db import DatabaseError, OperationalError, ProgrammingError, connection

# SQLite's own words: it writes beside its file, too.
FILE_TROUBLE = ("attempt to write a readonly database", "unable to open database file")


def main() -> None:
    """Run a command; what is wrong around it ends in a line or two, unless --traceback asks for more."""
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
    gc.set_threshold(50_000, 20, 20)  # nothing that a start imports is garbage: looking took an eighth of it
    try:
        try:
            execute_from_command_line(sys.argv)
        finally:
            sys.stdout.flush()
            gc.freeze()  # Python would look through all of it once more in the end: a third of a short run
    except BrokenPipeError:
        # `head` has seen enough. In a usual end Python would try to write the rest, and queries that are half
        # read would complain that their database is closed.
        os._exit(1)
    except (ImproperlyConfigured, DatabaseError) as error:
        if "--traceback" in sys.argv or not is_explained(error):
            raise
        sys.exit(f"{type(error).__name__}: {error}{hint(error)}")


def is_explained(error: Exception) -> bool:
    """Whether the cause lies outside the code: in settings, or in the database's server, file or tables."""
    text = str(error)
    is_unmigrated = isinstance(error, ProgrammingError) and "relation" in text and "does not exist" in text
    is_around = isinstance(error, (ImproperlyConfigured, OperationalError))
    return is_around or is_unmigrated or "not a database" in text


def hint(error: Exception) -> str:
    """What to do, on a line of its own, where the error does not say it itself."""
    if isinstance(error, ImproperlyConfigured):
        return ""
    if str(error) in FILE_TROUBLE:
        return f"\nLet this user write both {connection.settings_dict['NAME']} and its directory."
    return f"\n{database_remedy(str(error), str(connection.settings_dict['NAME']))}"


def database_remedy(text: str, name: str) -> str:
    """What to do about the database's own words, with the command where there is one."""
    if "does not exist" in text and "database" in text:
        return f"Create it: createdb {name}  (then: python manage.py migrate)"
    if "no such table" in text or "relation" in text:
        return "It has no tables of this version yet: python manage.py migrate"
    if "not a database" in text:
        return f"{name} is not a SQLite database: name another file in DATABASE_URL, or move this one away."
    return "Check DATABASE_URL and that the database is running."


if __name__ == "__main__":
    main()
