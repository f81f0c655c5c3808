"""Wrong passwords lock a name for where they came from."""

from __future__ import annotations

import pytest
from django.contrib.auth.models import User
from django.test import Client

from tests.tracker.access.one_time_codes import PASSWORD

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize("proxied", [True, False])
def test_a_name_is_locked_for_all_addresses_of_the_line_from_which_wrong_passwords_came(settings, proxied):
    settings.AUTH_TRUST_HOST = proxied
    User.objects.create_superuser("ada", password=PASSWORD)

    def status_from(address: str, password: str) -> int:
        sender = {"REMOTE_ADDR": address}
        if proxied:
            # What comes before the last was written by whoever asks.
            sender = {"HTTP_X_FORWARDED_FOR": f"198.51.100.{address[-1]}, {address}"}
        form = {"username": "ada", "password": password}
        return Client().post("/admin/login/", form, **sender).status_code

    assert [status_from(f"2001:db8:1:2:{n}::{n}", "wrong") for n in range(1, 11)] == [200] * 9 + [429]
    assert status_from("2001:db8:1:2:ffff::9", PASSWORD) == 429
    assert status_from("2001:db8:1:3::1", PASSWORD) == 302
    assert [status_from(f"::ffff:192.0.2.{n}", "wrong") for n in range(1, 11)] == [200] * 10
