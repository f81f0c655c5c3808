"""A told API for single answers; the sandbox, in its own tests and here, for whole collections."""

from collections.abc import Iterator

import pytest
import responses

from collector.cursor.client import CursorClient

from .fake_api import FakeApi, make_client


@pytest.fixture
def told() -> Iterator[FakeApi]:
    with responses.RequestsMock(assert_all_requests_are_fired=False) as mock:
        yield FakeApi(mock)


@pytest.fixture
def client() -> CursorClient:
    return make_client()
