"""The directory of what this installation keeps: SQLite, generated keys, logs."""

from contextlib import suppress
from pathlib import Path


def make_var_directory(path: Path) -> None:
    """Create `path`, readable only by its owner, because it will hold names, costs and keys.

    An existing one is not changed. If it cannot be created, config.E002 refuses to start.
    """
    with suppress(OSError):
        path.mkdir(mode=0o700, parents=True, exist_ok=True)
