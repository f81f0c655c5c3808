from __future__ import annotations

from collections.abc import Iterator

import pytest

from sandbox import Company, Sandbox
from tests.incidents.actions.limit_site import LimitSite, make_site, small_company


@pytest.fixture(scope="session")
def limit_company() -> Company:
    return small_company()


@pytest.fixture
def site(db, settings, limit_company: Company) -> Iterator[LimitSite]:
    """The product may write limits at a sandbox on loopback."""
    settings.CURSOR_LIMITS = "write"
    with Sandbox(limit_company, enforces_limits=False) as sandbox:
        settings.CURSOR_API_URL, settings.CURSOR_ADMIN_API_KEY = sandbox.url, sandbox.key
        yield make_site(sandbox)
