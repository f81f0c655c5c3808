"""PostgreSQL and Redis of one's own, to be stopped and started: never the machine's."""

from __future__ import annotations

import os
import pwd
import shutil
import subprocess
import tempfile
from dataclasses import dataclass, field
from pathlib import Path

import psycopg

from tests.drills.machine import free_port, is_open, wait_until


def find(program: str) -> str | None:
    """The path of a server program; Debian keeps those of PostgreSQL off the search path."""
    versions = sorted(Path("/usr/lib/postgresql").glob("*/bin"), reverse=True)
    return shutil.which(program, path=os.pathsep.join([os.environ["PATH"], *map(str, versions)]))


def account() -> str | None:
    """Whom PostgreSQL runs as: oneself, or `postgres` where that is root; None where neither will do."""
    if os.geteuid() != 0:
        return pwd.getpwuid(os.geteuid()).pw_name
    return "postgres" if any(entry.pw_name == "postgres" for entry in pwd.getpwall()) else None


HAS_POSTGRES = bool(find("initdb") and find("pg_ctl") and account())
HAS_REDIS = bool(find("redis-server"))


def home(name: str) -> Path:
    """A directory outside the tests' own, which another account cannot enter."""
    return Path(tempfile.mkdtemp(prefix=f"drill-{name}-"))


def copy(directory: Path, target: Path) -> None:
    """With owners, which `shutil` does not copy."""
    subprocess.run(["cp", "-a", str(directory), str(target)], check=True)


@dataclass
class Postgres:
    """A cluster on a free loopback port, removed at the end: empty, or like one that was saved."""

    like: Path | None = None
    port: int = field(default_factory=free_port)
    directory: Path = field(default_factory=lambda: home("postgres"))

    def url(self, database: str) -> str:
        return f"postgres://drill@127.0.0.1:{self.port}/{database}"

    def create(self, database: str, template: str = "template1") -> str:
        """Make a database, a copy of `template`; return its URL."""
        with psycopg.connect(self.url("postgres"), autocommit=True) as server:
            server.execute(f"CREATE DATABASE {database} TEMPLATE {template}")
        return self.url(database)

    def __enter__(self) -> Postgres:
        shutil.chown(self.directory, account())
        if self.like:
            copy(self.like, self.data)
        else:
            self._run("initdb", "--username=drill", "--auth=trust", "--no-sync", f"--pgdata={self.data}")
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()
        shutil.rmtree(self.directory)

    @property
    def data(self) -> Path:
        return self.directory / "data"

    def start(self) -> None:
        # What is written outlives the server in the machine's memory: no drill ends the machine.
        options = f"-p {self.port} -h 127.0.0.1 -k {self.directory} -c max_connections=60 -c fsync=off"
        self._run("pg_ctl", "start", "-w", f"--log={self.directory}/log", "-o", options)

    def stop(self) -> None:
        """End at once, as a machine that fails does; the next start recovers."""
        self._run("pg_ctl", "stop", "-m", "immediate", check=False)

    def save(self, data: Path) -> None:
        """End in order, and copy what there is."""
        self._run("pg_ctl", "stop", "-m", "fast")
        copy(self.data, data)

    def _run(self, program: str, *arguments: str, check: bool = True) -> None:
        path = find(program)
        assert path, f"{program} is missing"
        subprocess.run(
            [path, *arguments],
            check=check,
            cwd=self.directory,
            env={"PGDATA": str(self.data), "PATH": os.environ["PATH"], "LC_ALL": "C"},
            user=account() if os.geteuid() == 0 else None,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )


@dataclass
class Redis:
    """A server on a free loopback port that keeps nothing over a stop."""

    port: int = field(default_factory=free_port)
    directory: Path = field(default_factory=lambda: home("redis"))
    process: subprocess.Popen[bytes] | None = None

    @property
    def url(self) -> str:
        return f"redis://127.0.0.1:{self.port}/0"

    def __enter__(self) -> Redis:
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()
        shutil.rmtree(self.directory)

    def start(self) -> None:
        path = find("redis-server")
        assert path, "redis-server is missing"
        self.process = subprocess.Popen(
            [path, "--port", str(self.port), "--bind", "127.0.0.1", "--save", "", "--appendonly", "no"],
            cwd=self.directory,
            env=os.environ | {"LD_PRELOAD": ""},  # Redis does not start under faketime
            stdout=subprocess.DEVNULL,
        )
        wait_until(lambda: is_open(self.port))

    def stop(self) -> None:
        if self.process:
            self.process.kill()
            self.process.wait()
