"""What a process loads: every cron run pays for it in time, every web process in memory."""

import os
import shutil
import subprocess
import sys
from datetime import date, timedelta

import pytest
from django.conf import settings
from django.core.management import get_commands, load_command_class
from django.utils import timezone

from collector.base.commands import SETTINGS_CHECKS
from collector.models import MemberModelDay
from tests.incidents.factories import make_member

OURS = ("collector", "detection", "groups", "incidents", "tracker")
ARITHMETIC = {"numpy", "pandas"}

WEB = """
import sys
from wsgiref.util import setup_testing_defaults
from config.wsgi import application
for path in sys.argv[1:]:
    request = {"HTTP_HOST": "localhost", "PATH_INFO": path}
    setup_testing_defaults(request)
    b"".join(application(request, lambda status, headers: print(status)))
print("loaded", *sys.modules)
"""
COMMAND = """
import sys
import manage
manage.main()
print("loaded", *sys.modules)
"""

FIRST = """
import os
import sys
import django
from django.core.management import get_commands, load_command_class
django.setup()
for name, app in get_commands().items():
    if app not in sys.argv:
        continue
    if not os.fork():
        load_command_class(app, name)
        print(name, flush=True)
        os._exit(0)
    os.wait()
"""


def test_a_command_typed_for_any_python_runs_with_the_packages_that_were_installed(tmp_path):
    shutil.copy(settings.BASE_DIR / "manage.py", tmp_path)
    typed = [sys.executable, "-I", "-S", "manage.py", "backup", "--keep", "14"]  # -S: without its packages
    done = subprocess.run(typed, cwd=tmp_path, capture_output=True, text=True)
    assert (done.returncode, done.stderr.strip()) == (
        1,
        "Django is not installed for this Python. Run make install first.",
    )
    own = tmp_path / ".venv" / "bin" / "python"
    own.parent.mkdir(parents=True)
    own.write_text('#!/bin/sh\necho "$@"\n')
    own.chmod(0o700)
    assert subprocess.check_output(typed, cwd=tmp_path, text=True) == "manage.py backup --keep 14\n"


def run(program: str, *arguments: str, database_url: str) -> tuple[str, set[str]]:
    """What the program printed, and the modules that it had loaded in the end."""
    done = subprocess.run(
        [sys.executable, "-c", program, *arguments],
        cwd=settings.BASE_DIR,
        env=os.environ | {"DATABASE_URL": database_url, "DJANGO_SETTINGS_MODULE": "config.settings"},
        capture_output=True,
        text=True,
        check=True,
    )
    printed, _, modules = done.stdout.rpartition("loaded ")
    return printed, set(modules.split())


@pytest.fixture
def ann(transactional_db) -> None:
    """A member with usage until today, one day of it an outlier."""
    today = timezone.now().date()
    for days_ago, cents in enumerate((100, 900, 100, 100)):
        spend(today - timedelta(days=days_ago), cents)


def spend(day: date, cents: int) -> None:
    MemberModelDay.objects.create(
        member=make_member("ann@example.com"),
        model="gpt-5",
        day=day,
        requests=10,
        total_cents=cents,
        is_after_turn=False,
        updated_at=timezone.now(),
    )


def test_a_web_process_answers_pages_without_the_arithmetic_of_detection(shared_database_url, ann):
    pages = ("/", "/users/ann@example.com", "/incidents", "/api/stats")
    printed, modules = run(WEB, *pages, database_url=shared_database_url)
    assert printed.split("\n") == ["200 OK"] * len(pages) + [""]
    assert "tracker.reports.member_days" in modules
    assert modules & (ARITHMETIC | {"apprise"}) == set()


def test_a_command_loads_neither_the_arithmetic_nor_the_site_nor_redis_where_none_is_named(migrated_sqlite):
    printed, modules = run(COMMAND, "prune", "--dry-run", database_url=f"sqlite:///{migrated_sqlite}")
    assert printed.startswith("would delete")
    site = {"apprise", "config.urls", "collector.admin", "tracker.urls"}
    assert modules & (ARITHMETIC | site | {"redis"}) == set()


def test_every_command_starts_after_the_checks_of_the_settings():
    """Those of the doctor are what it prints."""
    commands = {name: app for name, app in get_commands().items() if app in OURS and name != "doctor"}
    assert len(commands) > 20
    checks = {name: load_command_class(app, name).requires_system_checks for name, app in commands.items()}
    assert checks == dict.fromkeys(commands, (SETTINGS_CHECKS,))


def test_any_command_may_be_the_first_to_load_what_it_needs(shared_database_url):
    names = {name for name, app in get_commands().items() if app in OURS}
    done = subprocess.run(
        [sys.executable, "-c", FIRST, *OURS],
        cwd=settings.BASE_DIR,
        env=os.environ | {"DATABASE_URL": shared_database_url, "DJANGO_SETTINGS_MODULE": "config.settings"},
        capture_output=True,
        text=True,
    )
    assert set(done.stdout.split()) == names, done.stderr[-2_000:]
