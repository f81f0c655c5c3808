"""The made-up company seen from here: its API without our own pacing, and its clock."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from urllib.request import Request, urlopen

from django.conf import settings

from collector.cursor.client import CursorClient
from collector.cursor.limits import Limiter

SECONDS = 30


@dataclass(frozen=True)
class World:
    """`client` asks the sandbox; `set_clock` lets it stand still at an instant, `run_clock` go on."""

    client: CursorClient
    set_clock: Callable[[datetime], object]
    run_clock: Callable[[], object]


def sandbox_world() -> World:
    """The sandbox that the settings point at. A sandbox has no minutes to wait for: time is set there."""
    client = CursorClient.from_settings()
    client.limiter = Limiter(is_unlimited=True)
    return World(
        client,
        lambda instant: control("clock", {"now": instant.isoformat()}),
        lambda: control("clock", {"run": True}),
    )


def control(name: str, body: dict[str, Any] | None = None) -> dict[str, Any]:
    """Ask one of the sandbox's own addresses."""
    request = Request(  # noqa: S310  (the sandbox's own address)
        f"{settings.CURSOR_API_URL}/_sandbox/{name}",
        data=None if body is None else json.dumps(body).encode(),
        headers={"Content-Type": "application/json"},
    )
    with urlopen(request, timeout=SECONDS) as response:  # noqa: S310
        answer: dict[str, Any] = json.load(response)
    return answer
