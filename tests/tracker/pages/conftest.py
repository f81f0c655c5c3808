from collections.abc import Iterator

import pytest
import time_machine
from django.db import connection, transaction

from incidents.models import Incident
from tests.snapshot import Snapshot
from tests.tracker.pages import company, screen

COMPANY = Snapshot(company.build)


@pytest.fixture(scope="module")
def acme_rows(django_db_setup, django_db_blocker) -> Iterator[None]:
    """The company, built once for a module: each test's own changes are rolled back to it."""
    with django_db_blocker.unblock(), transaction.atomic():
        COMPANY.restore()
        connection.check_constraints()  # left to PostgreSQL, this is done at the end of each test anew
        with django_db_blocker.block():
            yield
        transaction.set_rollback(True)


@pytest.fixture
def at_now() -> Iterator[None]:
    """The clock stands at `company.NOW`."""
    with time_machine.travel(company.NOW, tick=False):
        yield


@pytest.fixture
def acme(acme_rows, db, at_now) -> None:
    """The company's tables at `company.NOW`."""


@pytest.fixture
def site(live_server) -> Iterator[str]:
    """The company, served with its clock at `company.NOW`."""
    COMPANY.restore()
    make_incident()
    with time_machine.travel(company.NOW, tick=True):
        yield live_server.url


def make_incident() -> None:
    Incident.objects.create(
        pk=int(screen.INCIDENT.rpartition("/")[2]),
        member=company.Member.objects.get(email="ana.novak@acme.example"),
        cause="spend",
        severity="critical",
        message="Ana Novak spent $420.00 in 24 h, 6.1 times their own average.",
        detected_at=company.NOW,
        onset_at=company.NOW,
        last_run_at=company.NOW,
    )


@pytest.fixture
def visit(browser, site):
    """A function that opens an address in a given width and theme and returns the page and its complaints.

    It is one page for the whole test: another window costs more than most of what is done in it.
    """
    context = browser.new_context(reduced_motion="reduce")
    page, complaints = context.new_page(), []
    page.on("console", lambda m: complaints.append(m.text) if m.type in ("error", "warning") else None)
    page.on("pageerror", lambda error: complaints.append(str(error)))

    def do(path: str, width: int = 1024, theme: str = "light"):
        complaints.clear()
        page.set_viewport_size({"width": width, "height": 900})
        page.emulate_media(color_scheme=theme)
        page.goto(site + path)
        screen.settled(page)
        return page, complaints

    yield do
    context.close()


@pytest.fixture
def many(site) -> None:
    """Members enough for two pages of the table."""
    for number in range(60):
        company.make_member(f"seat{number}@acme.example", f"Seat {number}")
