"""kill -9 between each two steps of a limit change: after the next run Cursor and the record agree."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from incidents.models import LimitChange
from sandbox import Sandbox
from tests.incidents.actions.limit_site import make_site, small_company

ROOT = Path(__file__).resolve().parents[3]
KILLS = 20

# Children are forked, so that each starts at once; each dies before or after one of the steps.
DIE_TWENTY_TIMES = """
import itertools, json, os, signal, sys
import django
django.setup()
from django.db import connections
from django.utils import timezone
from collector.cursor.client import CursorClient
from collector.cursor.limits import Limiter
from collector.models import Member
from incidents.actions import limits
from incidents.actions.limit_upkeep import keep_limits
from incidents.lifecycle import Actor
from incidents.models import Incident, LimitChange

STEPS = ("record_wish", "read_limit", "_make_ready", "write_limit", "finish_with", "finish",
         "note_on_timeline", "hold_lease")
POINTS = list(itertools.product(STEPS, ("before", "after")))

Limiter.wait = lambda self, path: None

def armed(name, when):
    work = getattr(limits, name)
    def dies(*arguments, **options):
        if when == "before":
            os.kill(os.getpid(), signal.SIGKILL)
        result = work(*arguments, **options)
        if when == "after" and name != "hold_lease":
            os.kill(os.getpid(), signal.SIGKILL)
        return result
    setattr(limits, name, dies)

def change_limit(dollars, number):
    wish = limits.LimitWish(member, dollars, "Runaway", f"form-{number}", incident=incident)
    change = limits.record_wish(wish, Actor(None, "Boss"), "page", timezone.now())
    limits.carry_out(change, CursorClient.from_settings(), timezone.now())

member, incident, rows = Member.objects.get(), Incident.objects.get(), []
for number in range(int(sys.argv[1])):
    name, when = POINTS[number % len(POINTS)]
    dollars = None if number % 5 == 4 else 40 + number
    connections.close_all()
    child = os.fork()
    if not child:
        armed(name, when)
        change_limit(dollars, number)
        os._exit(0)
    _, status = os.waitpid(child, 0)
    keep_limits(timezone.now())
    change = LimitChange.objects.filter(key=f"form-{number}").first()
    found = limits.read_limit(CursorClient.from_settings(), member.email)
    rows.append({
        "point": f"{when} {name}", "killed": os.WIFSIGNALED(status),
        "status": change.status if change else "", "wanted": dollars,
        "recorded": None if change is None or change.after_dollars is None else float(change.after_dollars),
        "at_cursor": None if found.own_dollars is None else float(found.own_dollars),
    })
print(json.dumps(rows))
"""


@pytest.mark.slow
def test_killed_twenty_times_the_limit_and_the_record_agree(transactional_db, shared_database_url):
    with Sandbox(small_company(), enforces_limits=False) as sandbox:
        site = make_site(sandbox)
        environment = os.environ | {
            "DJANGO_SETTINGS_MODULE": "config.settings",
            "DATABASE_URL": shared_database_url,
            "CURSOR_API_URL": sandbox.url,
            "CURSOR_ADMIN_API_KEY": sandbox.key,
            "CURSOR_LIMITS": "write",
            "PYTHONPATH": str(ROOT),
        }
        command = [sys.executable, "-c", DIE_TWENTY_TIMES, str(KILLS)]
        done = subprocess.run(
            command, cwd=ROOT, env=environment, capture_output=True, text=True, timeout=120, check=False
        )
        assert done.returncode == 0, done.stderr[-3000:]
        rows = json.loads(done.stdout.splitlines()[-1])
        assert len(rows) == KILLS
        assert sum(row["killed"] for row in rows) >= KILLS - 2  # nothing dies after a lease is asked for
        at_cursor = None
        for row in rows:
            if row["status"]:
                assert row["status"] == "done", row
                assert row["wanted"] == row["recorded"] == row["at_cursor"], row
            else:  # killed before it was recorded: nothing was asked of Cursor
                assert row["at_cursor"] == at_cursor, row
            at_cursor = row["at_cursor"]
        changes = LimitChange.objects.count()
        steps = [step for step, _ in site.timeline()]
        assert steps.count("limit_asked") == steps.count("limit") == changes  # none lost, none doubled
        assert not LimitChange.objects.unfinished().exists()
