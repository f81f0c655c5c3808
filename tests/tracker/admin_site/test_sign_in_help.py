"""The page about access: how sign-in stands, and the very lines that turn it on."""

from __future__ import annotations

import re

import pytest
from django.urls import reverse

from tests.incidents.factories import make_member

pytestmark = pytest.mark.django_db
PAGE = "/admin/tracker/accesssettings/"


def env_lines(client) -> dict[str, str]:
    return dict(re.findall(r"(AUTH_[A-Z_]+)=(\S+)", client.get(PAGE).content.decode()))


def test_without_sign_in_it_shows_the_lines_for_this_team_and_a_new_secret_each_time(admin_client):
    for name in ("ann", "bob", "eve"):
        make_member(f"{name}@acme.example")
    make_member("guest@partner.example")
    first, second = env_lines(admin_client), env_lines(admin_client)
    assert first["AUTH_ALLOWED_DOMAIN"] == "acme.example"
    assert {"AUTH_GOOGLE_ID", "AUTH_GOOGLE_SECRET", "AUTH_OIDC_ISSUER", "AUTH_OIDC_ID"} <= first.keys()
    assert len(first["AUTH_SECRET"]) >= 32
    assert "https://KEYCLOAK/realms/REALM" in admin_client.get(PAGE).content.decode()
    assert first["AUTH_SECRET"] != second["AUTH_SECRET"]


def test_it_shows_the_redirect_address_under_the_name_that_people_use(admin_client, settings):
    settings.SIGN_IN_URL = "https://costs.example.com"
    page = admin_client.get(PAGE).content.decode()
    for name in ("google_callback", "oidc_callback"):
        assert f"https://costs.example.com{reverse(name)}" in page


def test_with_sign_in_it_shows_with_what_and_for_whom_and_no_secret(sign_in, settings):
    page = sign_in("admin").get(PAGE).content.decode()
    assert "Google" in page and "company.com, guest@partner.example" in page
    assert settings.AUTH_SECRET not in page and settings.AUTH_GOOGLE_SECRET not in page
    assert "AUTH_SECRET=" not in page


def test_saving_leads_back_to_the_front_page_with_one_plain_sentence(admin_client):
    form = {"default_role": "viewer", "viewers_see": "names", "smallest_group": "5"}
    page = admin_client.post(f"{PAGE}", form, follow=True)
    assert page.redirect_chain[-1][0] == "/admin/"
    assert "your changes are saved." in page.content.decode()
