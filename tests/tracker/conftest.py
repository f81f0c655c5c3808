"""Access in tests: sign-in on or off, people of each role, a Google on loopback."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime

import pytest
from allauth.socialaccount.providers.google import views as google_views
from django.contrib.auth.models import Group, User
from django.core.cache import cache

from tests.tracker.access.fake_google import CLIENT_ID, CLIENT_SECRET, FakeGoogle
from tracker.pipeline import PipelineReport

ALLAUTH = "allauth.account.auth_backends.AuthenticationBackend"


@pytest.fixture
def auth_on(settings):
    """Google sign-in configured, company.com allowed, boss@company.com an administrator."""
    settings.AUTH_ENABLED = True
    settings.AUTH_SECRET = "0123456789abcdef0123456789abcdef"
    settings.AUTH_GOOGLE_ID, settings.AUTH_GOOGLE_SECRET = CLIENT_ID, CLIENT_SECRET
    settings.AUTH_ALLOWED_DOMAIN = "company.com"
    settings.AUTH_ALLOWED_EMAILS = ["guest@partner.example"]
    settings.AUTH_ADMIN_EMAILS = ["boss@company.com"]
    settings.AUTHENTICATION_BACKENDS = ["axes.backends.AxesStandaloneBackend", ALLAUTH]
    app = {"client_id": CLIENT_ID, "secret": CLIENT_SECRET}
    settings.SOCIALACCOUNT_PROVIDERS = {
        "google": {**settings.SOCIALACCOUNT_PROVIDERS["google"], "APP": app},
    }
    return settings


@pytest.fixture
def google(auth_on, monkeypatch) -> Iterator[FakeGoogle]:
    fake = FakeGoogle()
    monkeypatch.setattr(google_views, "CERTS_URL", f"{fake.url}/certs")
    monkeypatch.setattr(google_views.GoogleOAuth2Adapter, "access_token_url", f"{fake.url}/token")
    monkeypatch.setattr(google_views.GoogleOAuth2Adapter, "authorize_url", f"{fake.url}/authorize")
    yield fake
    fake.stop()


@pytest.fixture
def pipeline(monkeypatch) -> list[datetime]:
    """Runs of the pipeline that were asked for, none of which did anything."""
    runs: list[datetime] = []

    def run(now: datetime) -> PipelineReport:
        runs.append(now)
        return PipelineReport(now)

    monkeypatch.setattr("tracker.pipeline.run", run)
    cache.clear()  # the limits on calls
    return runs


def make_person(role: str, email: str = "") -> User:
    """Someone who signs in, given `role` by group."""
    email = email or f"{role}@company.com"
    user = User.objects.create_user(username=email, email=email, first_name=role.title(), last_name="Person")
    user.groups.add(Group.objects.get_or_create(name=role)[0])
    return user


@pytest.fixture
def sign_in(auth_on, client):
    """A function that signs a person of the given role in and returns the client."""

    def do(role: str, email: str = ""):
        client.force_login(make_person(role, email), backend=ALLAUTH)
        return client

    return do
