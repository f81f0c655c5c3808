"""The key that signs sessions and tasks, created once and stored, for installations on one machine."""

import hashlib
import os
from pathlib import Path

from django.core.management.utils import get_random_secret_key


def load_secret_key(path: Path) -> str:
    """The key in `path`, made there (readable by its owner alone) when it is missing.

    Where nothing can be written the key lasts for this process; config.E002 then refuses to start.
    """
    try:
        if not path.exists():
            _create(path, get_random_secret_key())
        return path.read_text(encoding="utf-8").strip()
    except OSError:
        return get_random_secret_key()


def derive_key(secret: str) -> str:
    """A key of the length that Django requires, derived from `secret`; empty if that is empty."""
    return hashlib.sha512(secret.encode()).hexdigest() if secret else ""


def _create(path: Path, key: str) -> None:
    draft = path.with_name(f"{path.name}.{os.getpid()}")
    with os.fdopen(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w") as file:
        file.write(key)
    try:
        os.link(draft, path)  # fails when another process was first: its key is then the one
    except FileExistsError:
        pass
    finally:
        draft.unlink()
