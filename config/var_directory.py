"""The directory of what this installation keeps: SQLite, generated keys, logs."""

from contextlib import suppress
from pathlib import Path


def make_var_directory(path: Path) -> None:
    """Make `path` for its owner alone: names, costs and keys come into it. One that is there stays as it is.

    Where it cannot be made, config.E002 refuses to start.
    """
    with suppress(OSError):
        path.mkdir(mode=0o700, parents=True, exist_ok=True)
