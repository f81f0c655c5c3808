"""Build companies of several sizes and print what each part of the product takes on them.

    python -m tests.bench [--members 100,1000] [--days 90] [--events 45] [--database sqlite,postgresql]
                          [--against COMMIT]

`--events` is per member and day on average; 45 for 1,000 members and 90 days are four million events.
A database is built once and used again (`var/bench/`, or `bench_<members>…` on PostgreSQL); `--fresh`
builds it again. With `--against`, pages alone, in turn with those of that commit.
"""

from __future__ import annotations

import argparse
import os
import platform
import subprocess
import sys
from pathlib import Path

from tests.bench.against import compare

ROOT = Path(__file__).resolve().parent.parent.parent


def main() -> None:
    options = _arguments()
    print(f"{platform.machine()}, {os.cpu_count()} cores, Python {platform.python_version()}", flush=True)
    for engine in options.database.split(","):
        for members in options.members.split(","):
            if options.against:
                size = (members, options.days, options.events)
                compare(options.against, engine, size, fresh=options.fresh)
                continue
            _one(engine, members, options)


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m tests.bench")
    parser.add_argument("--members", default="100,1000")
    parser.add_argument("--days", default="90")
    parser.add_argument("--events", default="45")
    parser.add_argument("--database", default="sqlite")
    parser.add_argument("--against", default="", help="a commit whose pages are measured beside these")
    parser.add_argument("--fresh", action="store_true")
    return parser.parse_args()


def _one(engine: str, members: str, options: argparse.Namespace) -> None:
    """Measure one size in a process of its own, so that its memory is its own."""
    name = f"bench_{members}_{options.days}_{options.events}"
    environment = {**os.environ, "DATABASE_URL": _database(engine, name, options.fresh), "DEBUG": "0"}
    command = [sys.executable, "-m", "tests.bench.one", members, options.days, options.events]
    subprocess.run(command, cwd=ROOT, env=environment, check=False)


def _database(engine: str, name: str, fresh: bool) -> str:
    if engine == "postgresql":
        if fresh:
            subprocess.run(["dropdb", "--if-exists", name], check=True)
        subprocess.run(["createdb", name], check=False, stderr=subprocess.DEVNULL)
        return f"postgres:///{name}"
    path = ROOT / "var" / "bench" / f"{name}.sqlite3"
    path.parent.mkdir(parents=True, exist_ok=True)
    if fresh:
        path.unlink(missing_ok=True)
    return f"sqlite:///{path}"


main()
