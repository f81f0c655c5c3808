"""The directory of what this installation keeps (SQLite, generated keys, logs), and which version it is."""

import re
from contextlib import suppress
from pathlib import Path


def make_var_directory(path: Path) -> None:
    """Create `path`, readable only by its owner, because it will hold names, costs and keys.

    An existing one is not changed. If it cannot be created, config.E002 refuses to start.
    """
    with suppress(OSError):
        path.mkdir(mode=0o700, parents=True, exist_ok=True)


def read_version(changelog: Path) -> str:
    """The newest released version in the changelog; "unreleased" before the first."""
    newest = re.search(r"^## v?(\d\S*)", changelog.read_text(encoding="utf-8"), re.MULTILINE)
    return newest[1] if newest else "unreleased"
