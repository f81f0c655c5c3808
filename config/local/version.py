import re
from pathlib import Path


def read_version(changelog: Path) -> str:
    """The newest released version in the changelog; "unreleased" before the first."""
    newest = re.search(r"^## v?(\d\S*)", changelog.read_text(encoding="utf-8"), re.MULTILINE)
    return newest[1] if newest else "unreleased"
