#!/usr/bin/env python3
"""Django's command line for this project."""

import os
import sys

from django.core.exceptions import ImproperlyConfigured
from django.core.management import execute_from_command_line
from django.db import OperationalError, connection

# SQLite's own words: it writes beside its file, too.
FILE_TROUBLE = ("attempt to write a readonly database", "unable to open database file")


def main() -> None:
    """Run a command; what is wrong around it ends in a line or two, unless --traceback asks for more."""
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
    try:
        try:
            execute_from_command_line(sys.argv)
        finally:
            sys.stdout.flush()
    except BrokenPipeError:
        # `head` has seen enough; Python would try once more to get rid of the rest when it ends.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        sys.exit(1)
    except (ImproperlyConfigured, OperationalError) as error:
        if "--traceback" in sys.argv:
            raise
        sys.exit(f"{type(error).__name__}: {error}{hint(error)}")


def hint(error: Exception) -> str:
    """What to do, on a line of its own, where the error does not say it itself."""
    if isinstance(error, ImproperlyConfigured):
        return ""
    if str(error) in FILE_TROUBLE:
        return f"\nLet this user write both {connection.settings_dict['NAME']} and its directory."
    return "\nCheck DATABASE_URL and that the database is running."


if __name__ == "__main__":
    main()
