"""A disk that fills up in the middle of a collection, and is cleared."""

import os
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from collector.models import UsageEvent
from tests.conftest import USES_POSTGRES
from tests.drills.checks import assert_whole
from tests.drills.machine import ALIAS

MEGABYTE = 1 << 20
# Room for the empty tables and a part of the first collection.
ROOM = 6 * MEGABYTE

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(USES_POSTGRES, reason="the full disk is SQLite's: run it without DATABASE_URL"),
]


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A file system of its own with little room; only root may make one."""
    place = tmp_path / "disk"
    place.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", f"size={ROOM}", "drill", str(place)]
    if os.geteuid() != 0 or subprocess.run(mount, capture_output=True).returncode:
        pytest.skip("no small file system can be mounted: run this drill as root")
    yield place
    subprocess.run(["umount", "--lazy", str(place)], check=True)


@pytest.fixture
def database_url(small_disk: Path, migrated_sqlite: Path) -> str:
    shutil.copy(migrated_sqlite, small_disk / "drill.sqlite3")
    return f"sqlite:///{small_disk}/drill.sqlite3"


def test_a_full_disk_fails_the_run_aloud_and_loses_nothing(machine, small_disk, sandbox, slack):
    assert machine.manage("run_pipeline") == 1
    assert "database or disk is full" in machine.said
    assert 0 < UsageEvent.objects.using(ALIAS).count() < sandbox.truth().count
    subprocess.run(["mount", "-o", f"remount,size={ROOM * 10}", str(small_disk)], check=True)
    assert machine.manage("run_pipeline") == 0, machine.said
    assert_whole(sandbox, slack)
