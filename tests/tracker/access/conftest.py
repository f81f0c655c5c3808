"""Local administrators, with and without a one-time code."""

from __future__ import annotations

import pytest
from django.contrib.auth.models import User
from django.core.cache import cache
from oidc_provider_mock import run_server_in_thread

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


@pytest.fixture
def provider(auth_on):
    """Makes the provider know one person with these claims, and the site know the provider."""
    with run_server_in_thread() as server:
        url = f"http://localhost:{server.server_port}"
        auth_on.AUTH_GOOGLE_ID = auth_on.AUTH_GOOGLE_SECRET = ""
        auth_on.AUTH_OIDC_ISSUER, auth_on.AUTH_OIDC_NAME = url, "Company login"
        auth_on.AUTH_OIDC_ROLE_CLAIM = "groups"
        auth_on.AUTH_OIDC_ROLES = {"admins": "admin", "oncall": "responder"}
        app = {"provider_id": "oidc", "name": "Company login", "client_id": "client", "secret": "a secret"}
        app["settings"] = {"server_url": url, "oauth_pkce_enabled": True}
        auth_on.SOCIALACCOUNT_PROVIDERS = {"openid_connect": {"APPS": [app]}}
        yield url
