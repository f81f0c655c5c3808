"""Groups changed in the admin while others change over another connection."""

from __future__ import annotations

import threading

import pytest
from django.db import connection

from groups.assignments import changes
from groups.models import Group
from tests.groups.factories import make_cursor_group, make_group
from tests.groups.test_admin import GROUPS, NOW, act

pytestmark = [pytest.mark.postgres, pytest.mark.django_db(transaction=True)]


def test_groups_changed_together_never_block_a_change_of_all_groups(admin_client, monkeypatch):
    groups = [
        make_group("Zed", cursor_group=make_cursor_group("Z")),
        make_group("Abe", cursor_group=make_cursor_group("A")),
    ]
    give_back = changes.give_back_name

    def create() -> None:
        changes.create("New", now=NOW)
        connection.close()

    other = threading.Thread(target=create)

    def give_back_slowly(group, *, now):
        give_back(group, now=now)
        if not other.ident:
            other.start()
            other.join(timeout=2)

    monkeypatch.setattr(changes, "give_back_name", give_back_slowly)
    assert "called as in Cursor" in act(admin_client, GROUPS, "give_name_back", groups)
    other.join(timeout=60)
    assert Group.objects.filter(name="New").exists()
