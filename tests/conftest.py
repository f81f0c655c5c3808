"""What every test runs under: loopback only, the system's Chromium, and a word on what was left out."""

import gc
import os
import shutil
import threading
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest
from django.conf import settings
from django.core.cache import cache, caches
from django.core.management.color import Style
from django.core.management.commands import flush
from django.db import connection, connections
from django.db.backends.base.operations import BaseDatabaseOperations as DatabaseOperations
from django_q.brokers import get_broker
from pytest_django.live_server_helper import LiveServer

from collector.base.garbage import reduce_collections
from config import urls  # noqa: F401  (the addresses register the models in the admin)
from tests import migrated, transactions

# pytest-playwright keeps an event loop running in the main thread, which Django takes for an async view.
os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"] = "true"
# Nor does it bring a second set of connections, of which one would be open when the database is dropped.
connections._connections = threading.local()

# The shell is Chromium without the windows around its pages, which take a third of its time.
BROWSERS = os.environ.get("CHROMIUM") or "chromium-headless-shell", "chromium", "chromium-browser"
CHROMIUM = next(filter(None, map(shutil.which, BROWSERS)), None)
CHROMIUM_FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    # The browser is a process of its own, out of pytest-socket's reach.
    "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1, EXCLUDE localhost",
]
USES_POSTGRES = settings.DATABASES["default"]["ENGINE"].endswith("postgresql")

# marker: (is it here, what to do to have it)
NEEDS = {
    "browser": (bool(CHROMIUM), "Chromium is missing: apt-get install chromium, or set CHROMIUM to its path"),
    "postgres": (USES_POSTGRES, "no PostgreSQL: set DATABASE_URL=postgres://USER@HOST/NAME"),
    "long": (bool(os.environ.get("LONG")), "it takes long: LONG=1 make test ARGS=tests/drills"),
    "redis": (bool(settings.REDIS_URL), "no Redis: set REDIS_URL=redis://HOST:6379/0"),
}


def pytest_report_header() -> str:
    database = settings.DATABASES["default"]["ENGINE"].rsplit(".", 1)[-1]
    broker = "redis" if settings.REDIS_URL else "database"
    return f"database: {database}, broker: {broker}, browser: {CHROMIUM or 'none'}"


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if {"page", "context", "browser"} & set(getattr(item, "fixturenames", ())):
            item.add_marker("browser")
        for marker, (is_here, remedy) in NEEDS.items():
            if item.get_closest_marker(marker) and not is_here:
                item.add_marker(pytest.mark.skip(reason=remedy))
    # What takes long begins early, so that no process is left with it while the others have nothing to do.
    items.sort(key=lambda item: item.get_closest_marker("slow") is None)


def pytest_collection_finish() -> None:
    """As a web worker does: thousands of tests, and all that they import, are no garbage."""
    reduce_collections()


gc.set_threshold(50_000, 20, 20)  # nor is what collecting them imports: looking took a fifth of it


def pytest_unconfigure(config: pytest.Config) -> None:
    """After the closing line: which tests this machine could not run, and what would let it."""
    reporter = config.pluginmanager.get_plugin("terminalreporter")
    if reporter is None or hasattr(config, "workerinput"):
        return
    reasons = Counter(report.longrepr[2] for report in reporter.stats.get("skipped", ()))
    for reason, count in sorted(reasons.items()):
        reporter.write_line(f"skipped {count}: {reason.removeprefix('Skipped: ')}")


def pytest_sessionfinish(session: pytest.Session) -> None:
    """After the last test process has ended."""
    if USES_POSTGRES and not hasattr(session.config, "workerinput"):
        migrated.drop_postgres()


# Written by Django after each migration, the same every time: what a test would write again stays.
KEPT_TABLES = {"django_content_type", "auth_permission"}
NO_TRIGGERS = (
    "SELECT set_config('session_replication_role', 'replica', true)"
    " WHERE current_setting('is_superuser') = 'on'"
)


def _delete_rows(operations: DatabaseOperations, style: Style, tables: list[str], **_: object) -> list[str]:
    """Empty tables of some hundred rows: to truncate a hundred takes PostgreSQL seconds.

    A superuser spares itself the look for rows that refer to the deleted ones; there are none left.
    """
    emptied = sorted(set(tables) - KEPT_TABLES)
    deletions = [f"DELETE FROM {operations.quote_name(table)}" for table in emptied]  # noqa: S608
    return [NO_TRIGGERS, *deletions] if USES_POSTGRES else deletions


# What a test with transactions of its own leaves is deleted, and nothing has to be written again.
type(connection.ops).sql_flush = _delete_rows
flush.emit_post_migrate_signal = lambda *_: None


@pytest.fixture(scope="session")
def django_db_modify_db_settings(
    django_db_modify_db_settings_parallel_suffix: None,
    tmp_path_factory: pytest.TempPathFactory,
    request: pytest.FixtureRequest,
) -> None:
    """The test database begins as a copy of a migrated one.

    On SQLite a file, as in production: in memory, all threads of a test's server would share one
    connection, and with it each other's transactions.
    """
    test = connection.settings_dict["TEST"]
    if USES_POSTGRES:
        migrated.make_once("template", tmp_path_factory, migrated.make_postgres)
        test["TEMPLATE"] = migrated.POSTGRES_TEMPLATE
    else:
        test["NAME"] = str(tmp_path_factory.mktemp("database") / "test.sqlite3")
        shutil.copy(request.getfixturevalue("migrated_sqlite"), test["NAME"])


@pytest.fixture(scope="session")
def django_db_keepdb(django_db_keepdb: bool) -> bool:
    """The copy on SQLite is taken as it is, and goes with the other files of the run."""
    return django_db_keepdb or not USES_POSTGRES


@pytest.fixture(scope="session")
def migrated_sqlite(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A migrated database to be copied, for tests that start processes."""
    return migrated.make_once("migrated.sqlite3", tmp_path_factory, migrated.make_sqlite)


@pytest.fixture
def shared_database_url(transactional_db: None) -> str:
    """DATABASE_URL of the test's own database, for processes that the test starts."""
    name = connection.settings_dict["NAME"]
    if not USES_POSTGRES:
        return f"sqlite:///{name}"
    return f"{migrated.server()}/{name}"


@pytest.fixture(autouse=True)
def no_network_inside_a_transaction(request: pytest.FixtureRequest) -> Iterator[None]:
    """Fails a test that opens a connection while the code under test holds a transaction.

    A test that puts one process's request into another's transaction says so by `overlaps(reason=…)`.
    """
    transactions.met.clear()
    yield
    if request.node.get_closest_marker("overlaps"):
        return
    assert transactions.met == [], "a connection was opened inside a transaction"


@pytest.fixture(autouse=settings.REDIS_URL != "")
def empty_queue() -> Iterator[None]:
    """What a test left in Redis goes with it; in the database its transaction takes it back."""
    yield
    get_broker().delete_queue()
    cache.clear()


@pytest.fixture(autouse=True)
def no_kept_pages() -> None:
    """What one test rendered is not another's: the rows that it was made of have gone with the test."""
    caches["pages"].clear()


@pytest.fixture
def live_server(live_server: LiveServer, transactional_db: None) -> Iterator[LiveServer]:
    """The server, given back only when its last request has been answered.

    A page that a test left in the middle of a load would otherwise read and write the tables while they
    are emptied. pytest-django asks for the server before any page, so pages are closed by then.
    """
    yield live_server
    for thread in threading.enumerate():
        if "process_request_thread" in thread.name:
            thread.join(timeout=60)
            assert not thread.is_alive(), "a browser is still connected to the test's server"


@pytest.fixture(scope="session")
def browser_type_launch_args() -> dict:
    return {"executable_path": CHROMIUM, "args": CHROMIUM_FLAGS}
