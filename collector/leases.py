"""Work that only one process may do at a time, across machines."""

from __future__ import annotations

import os
import socket
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta

from django.utils import timezone

from .models import Lease


class AlreadyRunning(Exception):
    """Another process holds the lease; the message says until when."""


def acquire(name: str, *, now: datetime, seconds: int) -> str | None:
    """Take the lease `name` for `seconds`; return the holder's token, or None while another holds it."""
    token = f"{socket.gethostname()}:{os.getpid()}:{uuid.uuid4().hex[:8]}"
    Lease.objects.get_or_create(name=name, defaults={"expires_at": now})
    taken = Lease.objects.filter(name=name, expires_at__lte=now).update(
        holder=token, expires_at=now + timedelta(seconds=seconds)
    )
    return token if taken else None


def release(name: str, token: str, *, now: datetime) -> None:
    """Give the lease back, if `token` still holds it."""
    Lease.objects.filter(name=name, holder=token).update(holder="", expires_at=now)


def renew(name: str, token: str, *, now: datetime, seconds: int) -> bool:
    """Hold on for another `seconds`; False if the lease was lost meanwhile."""
    return bool(
        Lease.objects.filter(name=name, holder=token).update(expires_at=now + timedelta(seconds=seconds))
    )


@contextmanager
def held(name: str, *, seconds: int) -> Iterator[str]:
    """Hold the lease `name` for the block, on the wall clock; AlreadyRunning if another process does."""
    token = acquire(name, now=timezone.now(), seconds=seconds)
    if token is None:
        until = Lease.objects.get(name=name).expires_at
        raise AlreadyRunning(f"already running: {name} is held by another process until {until:%H:%M:%S} UTC")
    try:
        yield token
    finally:
        release(name, token, now=timezone.now())
