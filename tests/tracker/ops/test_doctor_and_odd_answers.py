"""What `doctor` says of a peer that is not Cursor, or not well."""

import pytest

from collector.models import Source
from sandbox import Company, Sandbox, build_company
from sandbox.http import SandboxResponse, Wire
from tracker.ops import reach
from tracker.ops.findings import CheckLevel

from .test_doctor import NOW, client_of


@pytest.fixture(scope="module")
def company() -> Company:
    return build_company(members=2, days=3, seed=3, now=NOW)


@pytest.mark.django_db
@pytest.mark.parametrize("answer", ["{}", "[]", "null", '"answers"', '{"status": "ok"}'])
def test_an_answer_in_another_form_is_not_taken_for_one(company, answer):
    with Sandbox(company) as sandbox:
        sandbox.api.answer = lambda request, authorization: SandboxResponse(answer)
        *sources, clock = reach.check_cursor(NOW, client_of(sandbox))
    assert {finding.verdict for finding in sources} == {CheckLevel.FAIL}
    assert all("unexpected answer" in finding.line for finding in sources)
    assert (len(sources), clock.subject) == (8, "clock")


@pytest.mark.django_db
def test_connections_that_end_without_an_answer_are_findings_without_a_clock(company):
    with Sandbox(company) as sandbox:
        sandbox.api.answer = lambda request, authorization: SandboxResponse("", wire=Wire.RESET)
        findings = list(reach.check_cursor(NOW, client_of(sandbox)))
    assert {finding.subject for finding in findings} == {f"Cursor: {label}" for label in Source.labels}
    assert {finding.verdict for finding in findings} == {CheckLevel.FAIL}
