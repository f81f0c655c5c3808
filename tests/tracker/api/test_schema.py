"""Whatever is sent to any operation of the OpenAPI document, the answer is one that the document names."""

from __future__ import annotations

from collections import Counter

import pytest
import schemathesis
from django.core.signals import request_finished, request_started
from django.core.wsgi import get_wsgi_application
from django.db import close_old_connections
from hypothesis import HealthCheck, Phase, given, seed, settings
from schemathesis import Case, GenerationMode
from schemathesis.checks import CHECKS, load_all_checks, not_a_server_error

from tests.tracker.api import company
from tests.tracker.api.conftest import make_token
from tests.tracker.api.test_cron import SECRET
from tracker.access.limits import Limit
from tracker.api.api import api

pytestmark = [pytest.mark.django_db, pytest.mark.slow, pytest.mark.timeout(600)]

load_all_checks()
CONFORMANCE = ("status_code_conformance", "content_type_conformance", "response_schema_conformance")
CHECKED = [not_a_server_error, *CHECKS.get_by_names(CONFORMANCE)]
SEED = 20_261_123
# Operations without parameters have few different cases, the others make up for them.
EXAMPLES, LEAST_CASES = 58, 3_000


@pytest.fixture
def kept_connection():
    """Django closes the connection around each request; this one holds the test's transaction."""
    signals = (request_started, request_finished)
    for signal in signals:
        signal.disconnect(close_old_connections)
    yield
    for signal in signals:
        signal.connect(close_old_connections)


@pytest.fixture
def document(kept_connection, monkeypatch, pipeline, settings):
    """The OpenAPI document over the site itself, with three members in it."""
    settings.CRON_SECRET = SECRET
    monkeypatch.setattr(Limit, "allows", lambda self, request: True)
    company.build()
    document = schemathesis.openapi.from_dict(api.get_openapi_schema())
    document.app = get_wsgi_application()
    return document


def make_cases(document) -> list[Case]:
    """Requests as the document allows them, and as it does not: most of the time goes into making them."""
    return [
        case
        for operation in document.get_all_operations()
        for mode in (GenerationMode.POSITIVE, GenerationMode.NEGATIVE)
        for case in cases_for(operation.ok(), mode)
    ]


def cases_for(operation, mode: GenerationMode) -> list[Case]:
    made: list[Case] = []

    @seed(SEED)
    @settings(
        max_examples=EXAMPLES,
        database=None,
        deadline=None,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    @given(case=operation.as_strategy(generation_mode=mode))
    def make_case(case: Case) -> None:
        made.append(case)

    make_case()
    return made


def try_all(cases: list[Case], headers: dict[str, str]) -> None:
    for case in cases:
        answer = case.call(headers={**headers, **(case.headers or {}), "Accept-Encoding": "identity"})
        case.validate_response(answer, checks=CHECKED)


def test_no_answer_lies_outside_the_document(document, request):
    """With sign-in off as anybody, then with it on as an administrator's script; thousands of cases."""
    cases = make_cases(document)
    try_all(cases, {})
    request.getfixturevalue("auth_on")
    token = f"Bearer {make_token('admin')}"
    try_all(cases, {"Authorization": token, "x-cron-secret": SECRET})
    assert 2 * len(cases) >= LEAST_CASES, Counter(case.operation.label for case in cases)
