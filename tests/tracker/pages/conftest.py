from collections.abc import Iterator

import pytest
import time_machine
from django.core.cache import cache
from django.db import transaction

from tests.tracker.pages import company


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
    """The clock stands at `company.NOW`; nothing of another test is remembered."""
    cache.clear()
    with time_machine.travel(company.NOW, tick=False):
        yield


@pytest.fixture
def acme(acme_rows, db, at_now) -> None:
    """The company's tables at `company.NOW`."""
