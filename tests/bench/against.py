"""The pages of this checkout against those of another commit, on the same data and the same machine.

The company is built by the other commit and migrated by this one, so both show the same figures. The two
answer in turn, and only processor time counts: a busy machine slows both alike.
"""

from __future__ import annotations

import json
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.table import Table

ROOT = Path(__file__).resolve().parent.parent.parent
ADDRESSES = {"overview": "/", "insights": "/insights", "teams": "/teams", "chargeback": "/chargeback"}
ROUNDS = 9


class Worker:
    """A process that answers with one checkout's code and its own copy of the data."""

    def __init__(self, checkout: Path, database: str) -> None:
        environment = {**os.environ, "DATABASE_URL": database}
        script = str(Path(__file__).with_name("worker.py"))
        self.process = subprocess.Popen(
            [sys.executable, script],
            cwd=checkout,
            env=environment,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )

    def ask(self, line: str) -> Any:
        assert self.process.stdin and self.process.stdout
        self.process.stdin.write(f"{line}\n")
        self.process.stdin.flush()
        return json.loads(self.process.stdout.readline())

    def close(self) -> None:
        self.process.communicate()


def compare(commit: str, engine: str, size: tuple[str, str, str], fresh: bool) -> None:
    with checkout_of(commit) as other:
        urls = [_database(engine, f"against_{'_'.join(size)}_{side}") for side in ("then", "now")]
        _provide(engine, urls, other, size, fresh)
        workers = [Worker(other, urls[0]), Worker(ROOT, urls[1])]
        member = [worker.ask("sign_in") for worker in workers][0]
        table = Table("page", "state", f"{commit[:7]} ms", "now ms", "ratio", "queries")
        for name, address in {**ADDRESSES, "member": member}.items():
            _row(table, workers, name, address)
        Console(width=100).print(f"{size[0]} members, {engine}: processor time, medians of {ROUNDS}", table)
        for name, worker in zip((commit[:7], "now"), workers, strict=True):
            entered = worker.ask("trace /")
            count = sum(map(len, entered.values()))
            print(f"{name}: the overview enters {count} functions in {len(entered)} files")
        for worker in workers:
            worker.close()


def _row(table: Table, workers: list[Worker], name: str, address: str) -> None:
    for worker in workers:
        worker.ask(f"warm {address}")  # the first visit of all makes one-row settings and colours
    counts = [worker.ask(f"queries {address}") for worker in workers]
    for state in ("cold", "warm"):
        answers = [[worker.ask(f"{state} {address}") for worker in workers] for _ in range(ROUNDS)]
        if any(answer["status"] != 200 for answer in answers[0]):
            return  # a page that one of the two does not have
        then, now = (statistics.median(pair[side]["ms"] for pair in answers) for side in (0, 1))
        asked = f"{counts[0]} → {counts[1]}" if state == "cold" else ""
        table.add_row(name, state, f"{then:.1f}", f"{now:.1f}", f"{now / then:.2f}", asked)


@contextmanager
def checkout_of(commit: str) -> Iterator[Path]:
    """A clone of this repository at `commit`, for as long as it is needed."""
    with tempfile.TemporaryDirectory() as directory:
        path = Path(directory) / "checkout"
        subprocess.run(["git", "clone", "-q", "--shared", "-n", ROOT, path], check=True)
        subprocess.run(["git", "-C", path, "checkout", "-q", commit], check=True)
        yield path


def _provide(engine: str, urls: list[str], other: Path, size: tuple[str, str, str], fresh: bool) -> None:
    """The data of both: built by the other commit where there is none, then copied and migrated."""
    then, now = (url.rpartition("/")[2] for url in urls)
    folder = ROOT / "var" / "bench"
    folder.mkdir(parents=True, exist_ok=True)
    if engine == "postgresql":
        if fresh:
            subprocess.run(["dropdb", "--if-exists", then], check=True)
        subprocess.run(["createdb", then], check=False, stderr=subprocess.DEVNULL)
    elif fresh:
        (folder / then).unlink(missing_ok=True)
    _build(other, urls[0], size)
    if engine == "postgresql":
        subprocess.run(["dropdb", "--if-exists", now], check=True)
        subprocess.run(["createdb", "-T", then, now], check=True)
    else:
        for suffix in ("", "-wal", "-shm"):  # what the last process to write has left beside the file, too
            (folder / f"{now}{suffix}").unlink(missing_ok=True)
            if (folder / f"{then}{suffix}").exists():
                shutil.copyfile(folder / f"{then}{suffix}", folder / f"{now}{suffix}")
    _build(ROOT, urls[1], size)


def _build(checkout: Path, url: str, size: tuple[str, str, str]) -> None:
    worker = Worker(checkout, url)
    worker.ask(f"build {' '.join(size)}")
    worker.close()


def _database(engine: str, name: str) -> str:
    if engine == "postgresql":
        return f"postgres:///{name}"
    return f"sqlite:///{ROOT / 'var' / 'bench' / name}.sqlite3"
