"""Notices connections to other machines that are opened while a transaction is held."""

from __future__ import annotations

import socket
import sys
import traceback
from typing import Any

met: list[str] = []


def holds_transaction() -> bool:
    """Whether this thread is in a transaction of the code under test; the test's own does not count."""
    from django.db import connections

    return any(
        not getattr(block, "_from_testcase", False)
        for connection in connections.all(initialized_only=True)
        for block in getattr(connection, "atomic_blocks", ())
    )


def _on_event(event: str, arguments: tuple[Any, ...]) -> None:
    if event != "socket.connect" or getattr(arguments[0], "family", None) == socket.AF_UNIX:
        return
    if "django" in sys.modules and holds_transaction():
        met.append("".join(traceback.format_stack(limit=12)))


sys.addaudithook(_on_event)
