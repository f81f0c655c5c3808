"""The made-up company seen from here: its API without our own pacing, and its clock."""

import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime

import requests
from django.conf import settings

from collector.cursor.client import CursorClient
from collector.cursor.limits import Limiter

SECONDS = 30
PATIENCE = 600  # tenths of a second


@dataclass(frozen=True)
class World:
    """`client` asks the sandbox; `set_clock` lets it stand still at an instant, `run_clock` go on."""

    client: CursorClient
    set_clock: Callable[[datetime], object]
    run_clock: Callable[[], object]


def sandbox_world() -> World:
    """The sandbox that the settings point at. A sandbox has no minutes to wait for: time is set there."""
    _wait_until_open()
    client = CursorClient.from_settings()
    client.limiter = Limiter(is_unlimited=True)
    return World(
        client,
        lambda instant: control("clock", {"now": instant.isoformat()}),
        lambda: control("clock", {"run": True}),
    )


def _wait_until_open() -> None:
    """A sandbox that has just been started makes its company first."""
    for _ in range(PATIENCE):
        with suppress(requests.ConnectionError):
            control("state")
            return
        time.sleep(0.1)


def control(name: str, body: dict[str, object] | None = None) -> requests.Response:
    """Ask one of the sandbox's own addresses."""
    method = "GET" if body is None else "POST"
    response = requests.request(
        method, f"{settings.CURSOR_API_URL}/_sandbox/{name}", json=body, timeout=SECONDS
    )
    response.raise_for_status()
    return response
