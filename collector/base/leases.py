"""Work that only one process may do at a time, across machines."""

import logging
import os
import socket
import threading
import time
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from functools import cache
from pathlib import Path

from django.db import Error, InterfaceError, OperationalError, connection
from django.utils import timezone

from .connections import drop_if_dead
from .models import Lease

log = logging.getLogger(__name__)

# Long enough for a database that is busy or away for a moment, short enough that a lost machine's
# work is taken up within the same hour. A living holder renews it four times in that span.
LEASE_SECONDS = 120
LEASE = timedelta(seconds=LEASE_SECONDS)
RETRY_SECONDS = 2
HOURLY_JOB = "pipeline"  # the lease of the hourly job: who only asks about it need not import it


class AlreadyRunning(Exception):
    """Another process holds the lease; the message says which and until when."""


def acquire(name: str, *, now: datetime) -> str | None:
    """Take the lease `name`; return the holder's token, or None while another living process holds it.

    A lease whose holder on this machine no longer runs (killed, crashed) can be taken at once.
    """
    lease, _ = Lease.objects.get_or_create(name=name, defaults={"expires_at": now})
    if lease.is_held(now) and not _is_dead(lease.holder):
        return None
    token = f"{socket.gethostname()}:{os.getpid()}:{uuid.uuid4().hex[:8]}:{process_space()}"
    seen = Lease.objects.filter(name=name, holder=lease.holder, expires_at=lease.expires_at)
    return token if seen.update(holder=token, expires_at=now + LEASE) else None


def renew(name: str, token: str, *, now: datetime) -> bool:
    """Hold on for as long again; False if the lease was lost meanwhile."""
    mine = Lease.objects.filter(name=name, holder=token)
    return bool(mine.update(expires_at=now + LEASE))


def release(name: str, token: str, *, now: datetime) -> None:
    """Give the lease back, if `token` still holds it."""
    Lease.objects.filter(name=name, holder=token).update(holder="", expires_at=now)


@contextmanager
def hold_lease(name: str) -> Iterator[str]:
    """Hold the lease `name` for the block, renewing it as long as that takes; AlreadyRunning if taken."""
    token = acquire(name, now=timezone.now())
    if token is None:
        raise AlreadyRunning(f"already running: another process holds the lease “{name}”")
    done = threading.Event()
    threading.Thread(target=_renew_until_done, args=(name, token, done), daemon=True).start()
    try:
        yield token
    finally:
        done.set()
        _release_or_retry(name, token)


def _release_or_retry(name: str, token: str) -> None:
    """Release the lease, or, if the database is not available, as soon as it is."""
    try:
        drop_if_dead()
        release(name, token, now=timezone.now())
    except (OperationalError, InterfaceError) as error:
        log.warning("lease %s not released yet: %s", name, error)
        threading.Thread(target=_release_later, args=(name, token), daemon=True).start()


def _release_later(name: str, token: str) -> None:
    for _ in range(int(LEASE_SECONDS / RETRY_SECONDS)):
        time.sleep(RETRY_SECONDS)
        try:
            release(name, token, now=timezone.now())
            return
        except (OperationalError, InterfaceError):
            continue
        finally:
            connection.close()


def _renew_until_done(name: str, token: str, done: threading.Event) -> None:
    while not done.wait(LEASE_SECONDS / 4):
        try:
            if not renew(name, token, now=timezone.now()):
                log.error("lease %s was lost to another process", name)
                return
        except Error as error:
            log.warning("lease %s not renewed this time: %s", name, error)
        finally:
            connection.close()


@cache
def process_space() -> str:
    """Where a process number is valid: containers may share a host's name but not its processes."""
    try:
        return os.readlink("/proc/self/ns/pid").strip("pid:[]")
    except OSError:  # not Linux
        return ""


def _is_dead(holder: str) -> bool:
    host, pid, _, space = [*holder.split(":"), "", "", ""][:4]
    if host != socket.gethostname() or not pid.isdecimal() or space not in ("", process_space()):
        return False
    try:
        os.kill(int(pid), 0)
    except ProcessLookupError:
        return True
    except PermissionError:
        return False  # it lives, as somebody else's
    return _is_zombie(pid)


def _is_zombie(pid: str) -> bool:
    """Whether the process has ended and its parent has not asked yet, as may take long in a container."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] == "Z"
    except OSError:  # gone meanwhile, or not Linux
        return False
