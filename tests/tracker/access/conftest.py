"""Local administrators, with and without a one-time code."""

from __future__ import annotations

import pytest
from django.contrib.auth.models import User
from django.core.cache import cache

from tests.tracker.access.one_time_codes import PASSWORD, set_up


@pytest.fixture
def ada(db) -> User:
    return User.objects.create_superuser("ada", "ada@company.com", PASSWORD)


@pytest.fixture
def enrolled(client, ada) -> tuple[str, list[str]]:
    """What `ada` set up: her secret and recovery codes. Nobody is signed in afterwards."""
    found = set_up(client, ada)
    client.logout()
    cache.clear()  # the code that turned it on would be refused as used
    return found
