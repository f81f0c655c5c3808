"""Callers of the API: scripts with a token, browsers with a session."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator

import pytest
import time_machine
from django.http import HttpResponse
from django.test import Client

from collector.models import Member
from tests.tracker.api import company
from tracker.access import tokens
from tracker.models import ApiToken

Call = Callable[..., HttpResponse]


def make_token(scope: str, **fields) -> str:
    return tokens.issue(ApiToken(name=fields.pop("name", f"{scope} script"), scope=scope, **fields))


@pytest.fixture
def people(db) -> Iterator[dict[str, Member]]:
    """The three members of `company`, at its own noon."""
    with time_machine.travel(company.NOW, tick=False):
        yield company.build()


@pytest.fixture
def script(db) -> Callable[[str], Call]:
    """`script("admin")("put", "/api/settings", {...})`: what curl would send with a token of that scope."""

    def with_scope(scope: str) -> Call:
        client, headers = Client(), {"Authorization": f"Bearer {make_token(scope)}"}

        def call(method: str, url: str, body: object = None, **extra: str) -> HttpResponse:
            data = body if isinstance(body, str | bytes) else json.dumps(body)
            return client.generic(
                method.upper(),
                url,
                data if body is not None else "",
                "application/json",
                headers=headers | extra,
            )

        return call

    return with_scope
