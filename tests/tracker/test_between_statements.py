"""Pages are made by several statements: what appears or goes between any two of them is no server error."""

from __future__ import annotations

from collections.abc import Callable
from itertools import count
from typing import Any

import pytest
import time_machine
from django.contrib.auth.models import User
from django.core.cache import caches
from django.db import connection, transaction
from django.test import Client

from collector.models import Member
from groups.models import Assignment, Group
from tests.tracker.api import company

pytestmark = pytest.mark.django_db
LOCAL = "django.contrib.auth.backends.ModelBackend"


def make_member_and_group() -> None:
    """Dan, who has spent something in a group of his own."""
    dan = company.make_member("Dan")
    company.put(dan, make_group())
    company.use(dan, "new-model", company.YESTERDAY, requests=7, cents=999)


def move_to_new_group() -> None:
    company.put(Member.objects.get(email="ann@company.com"), make_group(), company.YESTERDAY)


def remove_group() -> None:
    """As undoing an import does."""
    Assignment.objects.filter(group__name="Eng > Web").delete()
    Group.objects.filter(name="Eng > Web").delete()


def make_group() -> Group:
    return Group.objects.create(name="Eng > New", created_at=company.NOW)


class Between:
    """Does the deed just before the statement of that number."""

    def __init__(self, number: int, deed: Callable[[], None]) -> None:
        self.number, self.deed, self.numbers, self.is_done = number, deed, count(), False

    def __call__(self, execute: Any, *statement: Any) -> Any:
        if not self.is_done and next(self.numbers) == self.number:
            self.is_done = True
            self.deed()
        return execute(*statement)


@pytest.fixture
def admin() -> Client:
    company.build()
    client = Client()
    client.force_login(User.objects.create_superuser("ada", "ada@company.com"), backend=LOCAL)
    return client


def is_answered(admin: Client, address: str, deed: Callable[[], None], number: int) -> bool:
    """Whether there was a statement of that number. What the deed did is taken back."""
    for cache in caches.all():
        cache.clear()
    between = Between(number, deed)
    with transaction.atomic(), connection.execute_wrapper(between):
        answer = admin.get(address)
        transaction.set_rollback(True)
    assert answer.status_code == 200, f"{deed.__name__} before statement {number}"
    return between.is_done


@pytest.mark.parametrize(
    ("address", "deed"),
    [
        ("/", make_member_and_group),
        ("/", remove_group),
        ("/?group=Eng", move_to_new_group),
        ("/teams", make_member_and_group),
        (f"/days/{company.YESTERDAY}", make_member_and_group),
        ("/insights", make_member_and_group),
        ("/chargeback", make_member_and_group),
        ("/chargeback", move_to_new_group),
        ("/chargeback", remove_group),
        ("/users/ann@company.com", remove_group),
        ("/api/stats", make_member_and_group),
        ("/api/analytics", make_member_and_group),
        ("/admin/groups/group/export/", make_member_and_group),
    ],
)
def test_a_member_or_group_that_comes_or_goes_between_two_statements_is_no_error(admin, address, deed):
    with time_machine.travel(company.NOW, tick=False):
        assert all(is_answered(admin, address, deed, number) for number in range(8))
        rest = count(8)
        while is_answered(admin, address, deed, next(rest)):
            pass
