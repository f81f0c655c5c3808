"""The sign of life after a good run."""

from __future__ import annotations

import pytest
import time_machine

from incidents.notifying.heartbeat import send_heartbeat
from tests.incidents.factories import NOON
from tracker import pipeline
from tracker.pipeline import PipelineStep


def test_it_is_a_get_to_the_address_and_nothing_without_one(service, settings):
    assert not send_heartbeat()
    settings.HEARTBEAT_URL = f"{service.url}/ping/0123"
    service.status = 200
    assert send_heartbeat()
    assert [(call.method, call.path) for call in service.calls] == [("GET", "/ping/0123")]


def test_a_service_that_fails_is_logged_without_its_address(service, settings, caplog):
    settings.HEARTBEAT_URL = f"{service.url}/ping/S3CRET"
    service.status = 503
    assert not send_heartbeat()
    assert "HTTP 503" in caplog.text
    assert "S3CRET" not in caplog.text


@pytest.mark.django_db
@pytest.mark.parametrize(("is_ok", "pings"), [(True, 1), (False, 0)])
def test_only_a_good_run_is_a_sign_of_life(service, settings, monkeypatch, is_ok, pings):
    settings.HEARTBEAT_URL = f"{service.url}/ping/0123"
    monkeypatch.setattr(
        pipeline,
        "_run_step",
        lambda report, name, work: report.steps.append(PipelineStep(name, is_ok, "", 0)),
    )
    with time_machine.travel(NOON, tick=False):
        pipeline.run(NOON)
    assert len(service.calls) == pings
