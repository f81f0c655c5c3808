"""One checkout's pages, measured on request: what `tests.bench.against` starts in each of two checkouts.

Started by its path with the checkout as working directory, so it imports nothing of this package but what the
checkout has had for long. Reads lines from stdin, answers each with one line of JSON.
"""

from __future__ import annotations

import gc
import json
import os
import sys
import time
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path

sys.path[0] = str(Path.cwd())  # the checkout, not the directory of this file
os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
os.environ |= {"LOG_LEVEL": "ERROR", "DEBUG": "0"}

import django  # noqa: E402  the path must be set first

django.setup()

from django.conf import settings  # noqa: E402
from django.contrib.auth import get_user_model  # noqa: E402
from django.core.cache import caches  # noqa: E402
from django.core.management import call_command  # noqa: E402
from django.db import connection, transaction  # noqa: E402
from django.test import Client  # noqa: E402
from django.test.utils import CaptureQueriesContext  # noqa: E402


def main() -> None:
    client = Client(SERVER_NAME="127.0.0.1")
    for line in sys.stdin:
        verb, _, argument = line.strip().partition(" ")
        print(json.dumps(VERBS[verb](client, argument)), flush=True)


def build(client: Client, argument: str) -> int:
    """`MEMBERS DAYS EVENTS`: migrate, and make that company where there is none. How many members it has."""
    from collector.models import Member
    from tests.bench.company import Size, build

    members, days, events = argument.split()
    call_command("migrate", verbosity=0)
    if not Member.objects.exists():
        with transaction.atomic():
            now = datetime.now(UTC).replace(minute=0, second=0, microsecond=0)
            build(Size(int(members), int(days), float(events)), now)
        with connection.cursor() as cursor:
            cursor.execute("ANALYZE")
    if connection.vendor == "postgresql":  # as autovacuum does within minutes of so much having been written
        with connection.cursor() as cursor:
            cursor.execute("VACUUM ANALYZE")
    with suppress(ImportError):  # what the hourly job leaves to the pages once a day, not in older versions
        from detection.frame.price_timeline import keep_price_timeline

        keep_price_timeline(datetime.now(UTC))
    return Member.objects.count()


def sign_in(client: Client, argument: str) -> str:
    """As an administrator. The address of the first member's page."""
    from collector.models import Member

    user, _ = get_user_model().objects.get_or_create(username="bench", is_staff=True, is_superuser=True)
    client.force_login(user)
    gc.collect()
    gc.freeze()
    gc.set_threshold(50_000, 20, 20)  # as a web worker has it
    return f"/users/{Member.objects.order_by('pk')[0].email}"


def warm(client: Client, address: str) -> dict[str, float]:
    """One answer with whatever is kept: milliseconds of processor time, the database's among them."""
    before = time.process_time() + _database_seconds()
    answer = client.get(address)
    taken = time.process_time() + _database_seconds() - before
    return {"ms": taken * 1000, "status": answer.status_code, "kb": len(answer.content) / 1000}


def cold(client: Client, address: str) -> dict[str, float]:
    """One answer with nothing kept."""
    forget()
    return warm(client, address)


def queries(client: Client, address: str) -> int:
    forget()
    with CaptureQueriesContext(connection) as captured:
        client.get(address)
    return len(captured)


def trace(client: Client, address: str) -> dict[str, list[str]]:
    """Every function of the checkout that one cold answer enters, by file."""
    root, entered = f"{Path.cwd()}/", set()

    def note(frame, event: str, argument: object) -> None:
        name = frame.f_code.co_filename
        is_ours = name.startswith(root) and "/.venv/" not in name and "/tests/" not in name
        if event == "call" and is_ours and not frame.f_code.co_name.startswith("<"):  # no comprehension
            entered.add((name.removeprefix(root), frame.f_code.co_qualname))

    forget()
    sys.setprofile(note)
    try:
        client.get(address)
    finally:
        sys.setprofile(None)
    files = sorted({file for file, _ in entered})
    return {file: sorted(function for f, function in entered if f == file) for file in files}


def forget() -> None:
    for name in settings.CACHES:
        caches[name].clear()
    if held := getattr(sys.modules.get("tracker.reports.kept"), "held", None):
        held.clear()  # where versions before 1.0 kept sums


def _database_seconds() -> float:
    """Processor time of PostgreSQL's process for this connection, where it runs on this machine."""
    if connection.vendor != "postgresql":
        return 0.0
    connection.ensure_connection()
    fields = (
        Path(f"/proc/{connection.connection.info.backend_pid}/stat").read_text().rpartition(")")[2].split()
    )
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


VERBS = {
    "build": build,
    "sign_in": sign_in,
    "warm": warm,
    "cold": cold,
    "queries": queries,
    "trace": trace,
}
main()
