"""What tests of one-time codes do as a person would."""

from __future__ import annotations

import re
import time
from urllib.parse import unquote

from allauth.mfa.totp.internal import auth as totp
from django.contrib.auth.models import User
from django.test import Client

PASSWORD = "a-long-password"


LONGEST_ANSWER = 4


def code_for(secret: str) -> str:
    """The code of now, which is good for a few seconds more: none is after its half minute."""
    left = 30 - time.time() % 30
    if left < LONGEST_ANSWER:
        time.sleep(left)
    return totp.format_hotp_value(totp.hotp_value(secret, next(iter(totp.yield_hotp_counters_from_time()))))


def give_password(client: Client, password: str = PASSWORD, next_url: str = "/insights"):
    form = {"username": "ada", "password": password, "next": next_url}
    return client.post("/admin/login/", form)


def set_up(client: Client, user: User) -> tuple[str, list[str]]:
    """The secret and the recovery codes that a signed-in `user` gets."""
    client.force_login(user, backend="django.contrib.auth.backends.ModelBackend")
    asked = client.get("/accounts/code/set-up/")
    assert unquote(asked["Location"]) == "/accounts/password/?next=/accounts/code/set-up/"
    client.post(asked["Location"], {"password": PASSWORD, "next": "/accounts/code/set-up/"})
    page = client.get("/accounts/code/set-up/").content.decode()
    secret = re.search(r"in the app: <code>(\w+)</code>", page)[1]
    answer = client.post("/accounts/code/set-up/", {"code": code_for(secret)}, follow=True)
    codes = re.findall(r"<code>(\d{8})</code>", answer.content.decode())
    return secret, codes
