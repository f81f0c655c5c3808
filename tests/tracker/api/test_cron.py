import pytest

from collector.base.leases import AlreadyRunning
from tracker.models import AuditEntry

pytestmark = pytest.mark.django_db

SECRET = "0123456789abcdef-cron"


@pytest.fixture(autouse=True)
def secret(settings):
    settings.CRON_SECRET = SECRET


def post(client, secret=SECRET, url="/api/cron", **extra):
    return client.post(url, headers={"x-cron-secret": secret} if secret else {}, **extra)


def test_the_secret_starts_a_run_and_gets_its_report(client, pipeline):
    answer = post(client)
    assert answer.status_code == 200
    assert answer.json() == {"ok": True, "startedAt": pipeline[0].isoformat(), "steps": []}
    assert AuditEntry.objects.get().actor_name == "cron secret"


def test_curl_needs_no_body_and_no_content_type(client, pipeline, auth_on):
    assert post(client, content_type="application/x-www-form-urlencoded").status_code == 200


@pytest.mark.parametrize("wrong", ["", "wrong", SECRET[:-1], SECRET + "x", "é", " "])
def test_any_other_secret_starts_nothing(client, pipeline, wrong):
    answer = post(client, wrong)
    assert (answer.status_code, answer.json()["error"]) == (401, "unauthorized")
    assert pipeline == []


def test_a_secret_in_the_address_is_refused_even_when_right(client, pipeline):
    assert post(client, "", f"/api/cron?secret={SECRET}").status_code == 400
    assert post(client, SECRET, f"/api/cron?secret={SECRET}").status_code == 400
    assert pipeline == []


def test_no_token_and_no_session_starts_a_run(script, sign_in, pipeline):
    assert script("admin")("post", "/api/cron").status_code == 401
    assert sign_in("admin").post("/api/cron").status_code == 401
    assert pipeline == []


@pytest.mark.parametrize("sent", ["", "anything"])
def test_without_a_secret_set_nobody_starts_a_run_and_is_told_how_to(client, pipeline, settings, sent):
    settings.CRON_SECRET = ""
    answer = post(client, sent)
    assert answer.status_code == 403
    assert "CRON_SECRET" in answer.json()["message"]
    assert "run_pipeline" in answer.json()["message"]
    assert pipeline == []


def test_a_run_under_way_is_a_conflict(client, pipeline, monkeypatch):
    def busy(now):
        raise AlreadyRunning("already running: pipeline is held until 12:00:00 UTC")

    monkeypatch.setattr("tracker.pipeline.run", busy)
    answer = post(client)
    assert (answer.status_code, answer.json()["error"]) == (409, "conflict")
    assert "already running" in answer.json()["message"]


def test_wrong_secrets_from_an_address_do_not_lock_the_right_one_out(client, pipeline):
    assert [post(client, "wrong").status_code for _ in range(12)] == [401] * 10 + [429] * 2
    assert [post(client).status_code for _ in range(12)] == [200] * 12
