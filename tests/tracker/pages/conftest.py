from collections.abc import Iterator

import pytest
import time_machine
from django.db import transaction

from incidents.models import Incident
from tests.tracker.pages import company, screen


@pytest.fixture(scope="module")
def acme_rows(django_db_setup, django_db_blocker) -> Iterator[None]:
    """The company, built once for a module: each test's own changes are rolled back to it."""
    with django_db_blocker.unblock(), transaction.atomic():
        company.build()
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
    company.build()
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
    """A function that opens an address in a given width and theme and returns the page and its complaints."""
    contexts = []

    def do(path: str, width: int = 1024, theme: str = "light"):
        context = browser.new_context(
            viewport={"width": width, "height": 900}, color_scheme=theme, reduced_motion="reduce"
        )
        contexts.append(context)
        page, complaints = context.new_page(), []
        page.on("console", lambda m: complaints.append(m.text) if m.type in ("error", "warning") else None)
        page.on("pageerror", lambda error: complaints.append(str(error)))
        page.goto(site + path, wait_until="networkidle")
        return page, complaints

    yield do
    for context in contexts:
        context.close()


@pytest.fixture
def many(site) -> None:
    """Members enough for two pages of the table."""
    for number in range(60):
        company.make_member(f"seat{number}@acme.example", f"Seat {number}")
