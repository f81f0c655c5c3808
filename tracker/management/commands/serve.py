"""The whole product on one machine: site, worker and, without a Cursor key, the demo."""

import argparse
import errno
import socket
import time
from datetime import datetime
from pathlib import Path

from django.conf import settings
from django.core.management import call_command
from django.core.management.base import CommandError, CommandParser
from django.utils import timezone

from collector.base.commands import ProductCommand
from collector.base.garbage import rare_garbage_collection
from collector.base.plausibility import is_number
from collector.models import Watermark
from tracker.running.broker import require_broker
from tracker.running.demo import (
    PAST_DAYS,
    Demo,
    first_admin,
    holds_real_data,
    is_empty,
    is_made,
    load_demo,
    mark_demo,
)
from tracker.running.processes import ChildEnded, Children

# Of history, before the first page is full; `backfill` reads more.
HISTORY_DAYS = 60
PAST = "the demo's past"


class Command(ProductCommand):
    help = "Migrate, and serve the site with its worker; without CURSOR_ADMIN_API_KEY, on a made-up company."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument(
            "--bind",
            type=_address,
            default=("127.0.0.1", 8000),
            metavar="HOST:PORT",
            help="default: 127.0.0.1:8000",
        )
        parser.add_argument(
            "--demo-days", type=int, default=PAST_DAYS, choices=range(1, PAST_DAYS + 1), metavar="DAYS",
            help=f"length of the demo's past, which is made once (default {PAST_DAYS})",
        )  # fmt: skip

    def handle(self, *, bind: tuple[str, int], demo_days: int, **options: object) -> None:
        self.demo_days = demo_days
        _refuse_taken(bind)
        require_broker()
        now, is_new = timezone.now(), is_empty()
        if not is_new:
            _migrate()
        demo = _demo(now)
        try:
            with Children(_environment(bind, demo)) as children:
                if demo:
                    self._start_demo(children, demo)
                if is_new:
                    _migrate()
                if demo:
                    mark_demo(now)
                _start_site(children, bind)  # while the past is made; its address is shown later
                if demo:
                    self._make_past(children)
                self._serve(children, bind, demo)
        except ChildEnded as ended:
            logs = settings.VAR_DIR / "log"
            raise CommandError(f"{ended}; its log ends in {logs}") from ended
        except KeyboardInterrupt:
            self.stdout.write("stopped")

    def _serve(self, children: Children, bind: tuple[str, int], demo: Demo | None) -> None:
        logs, address = _log_directory(), f"{bind[0]}:{bind[1]}"
        _wait_until_open(children, *bind)
        if demo:
            _wait_until_open(children, "127.0.0.1", demo.port)
        self._greet(address, demo)
        self._collect_history(children, demo)
        children.start("the worker", "manage.py", "worker", log=logs / "worker.log", is_restarted=True)
        self.stdout.write(f"Ready: http://{address}  (stop with Ctrl-C; logs in {logs})")
        try:
            children.watch()
        except KeyboardInterrupt:
            self.stdout.write("stopping")
            raise

    def _start_demo(self, children: Children, demo: Demo) -> None:
        """Start what answers as Cursor and what makes the demo's past, which waits for its tables.

        Both take seconds to begin, as long as a new database's migrations take.
        """
        children.start("the sandbox", *demo.sandbox_arguments, log=_log_directory() / "sandbox.log")
        if is_empty() or not is_made():
            self.stdout.write(f"Making the demo's last {self.demo_days} days, about a minute:")
            days = (f"--anchor={demo.anchor_at}", f"--days={self.demo_days}")
            children.start(PAST, "manage.py", "make_demo", *days, "--wait", waits=True)

    def _make_past(self, children: Children) -> None:
        """Live the demo's past before anybody looks; a later start finds it made."""
        if PAST in children and children.finish(PAST):
            raise CommandError("the demo's past could not be made; see the lines above")

    def _greet(self, address: str, demo: Demo | None) -> None:
        if demo:
            self.stdout.write("No CURSOR_ADMIN_API_KEY: showing demo data of a made-up company.")
        elif not settings.CURSOR_ADMIN_API_KEY:
            self.stdout.write("No CURSOR_ADMIN_API_KEY: nothing is collected; showing what is stored.")
        login = first_admin()
        if login:
            self.stdout.write(f"Admin login, shown once: {login[0]} / {login[1]}  (http://{address}/admin/)")
        self.stdout.write(f"Serving on http://{address}")

    def _collect_history(self, children: Children, demo: Demo | None) -> None:
        if Watermark.objects.exists() or not (demo or settings.CURSOR_ADMIN_API_KEY):
            return
        self.stdout.write("First collection; this takes a moment:")
        children.run("manage.py", "collect")
        if not Watermark.objects.exists():
            return  # nothing could be read, and the line above says why: no need to hear it from each step
        children.run("manage.py", "backfill", f"--days={HISTORY_DAYS}")
        children.run("manage.py", "run_pipeline")


def _demo(now: datetime) -> Demo | None:
    """The demo where there is no key, unless the database holds a team's own data, which it must not join."""
    if settings.CURSOR_ADMIN_API_KEY or (not is_empty() and holds_real_data()):
        return None
    return load_demo(now)


def _migrate() -> None:
    with rare_garbage_collection():
        call_command("migrate", interactive=False, verbosity=0)


def _start_site(children: Children, bind: tuple[str, int]) -> None:
    gunicorn = ("-m", "gunicorn", "config.wsgi", "--config=config/gunicorn.py", f"--bind={bind[0]}:{bind[1]}")
    children.start("the site", *gunicorn, log=_log_directory() / "web.log")


def _log_directory() -> Path:
    directory: Path = settings.VAR_DIR / "log"
    directory.mkdir(mode=0o700, parents=True, exist_ok=True)  # lines name people
    return directory


def _environment(bind: tuple[str, int], demo: Demo | None) -> dict[str, str]:
    """Variables of the processes: their own address, unless it is set, and that of the demo's Cursor."""
    here = {"WEB_CONCURRENCY": str(settings.WEB_CONCURRENCY)}  # gunicorn itself ends on an empty one
    if not settings.DASHBOARD_URL_IS_SET:
        here["DASHBOARD_URL"] = f"http://{bind[0]}:{bind[1]}"
    return here | (demo.environment if demo else {})


def _address(text: str) -> tuple[str, int]:
    host, _, port = text.rpartition(":")
    if not host or not is_number(port) or not 0 < int(port) < 65536:
        raise argparse.ArgumentTypeError(f"{text!r} is not HOST:PORT, such as 127.0.0.1:8000")
    return host, int(port)


def _refuse_taken(bind: tuple[str, int]) -> None:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(bind)
        except OSError as error:
            remedy = "choose one of this machine"
            if error.errno == errno.EADDRINUSE:
                remedy = "stop the program that listens there, or choose another"
            raise CommandError(
                f"cannot serve on {bind[0]}:{bind[1]} ({error.strerror}): {remedy} "
                "with `manage.py serve --bind 127.0.0.1:8001`"
            ) from error


def _wait_until_open(children: Children, host: str, port: int, seconds: int = 60) -> None:
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        children.check()
        with socket.socket() as probe:
            if probe.connect_ex((host, port)) == 0:
                return
        time.sleep(0.1)
    raise CommandError(f"nothing answered on {host}:{port} within {seconds} seconds")
