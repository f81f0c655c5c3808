from datetime import UTC, datetime
from pathlib import Path

import pytest
from django.core.checks import run_checks
from django.db import OperationalError

from collector.base.commands import SETTINGS_CHECKS
from config.checks import check_var_directory
from tracker.running.demo import mark_demo


def ids(*, deploy: bool = False) -> list[str]:
    """Of this project's checks; the commands run them all, though not those of Django."""
    found, by_commands = (
        [message.id for message in run_checks(tags=tags, include_deployment_checks=deploy)]
        for tags in (None, [SETTINGS_CHECKS])
    )
    own = [check_id for check_id in found if check_id.startswith("config.")]
    assert sorted(own) == sorted(check_id for check_id in by_commands if check_id.startswith("config."))
    return own


def test_nothing_set_is_fine():
    assert ids() == []


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({"ENVIRONMENT_PROBLEMS": ("DEBUG is not usable: expected true or false.",)}, "config.E001"),
        ({"VAR_DIR": Path("/nowhere"), "SHARED_SECRET_KEY": ""}, "config.E002"),
        ({"TIME_ZONE": "Europe/Berlin"}, "config.E003"),
        ({"USE_TZ": False}, "config.E003"),
        ({"AUTH_GOOGLE_ID": "id", "AUTH_GOOGLE_SECRET": "s"}, "config.E004"),
        ({"AUTH_OIDC_ISSUER": "https://login.example", "AUTH_OIDC_ID": "id"}, "config.E021"),
        ({"AUTH_GOOGLE_ID": "id", "AUTH_GOOGLE_SECRET": "s", "AUTH_SECRET": "x" * 31}, "config.E005"),
        ({"AUTH_ALLOWED_DOMAIN": "example.com"}, "config.E006"),
        ({"AUTH_ADMIN_EMAILS": ["ann@example.com"]}, "config.E006"),
        ({"SLACK_CHANNEL_ID": "C1"}, "config.E007"),
        ({"SLACK_SIGNING_SECRET": "s"}, "config.E008"),
        ({"RESEND_API_KEY": "re_1"}, "config.E009"),
        ({"ALERT_EMAIL_TO": ["ann@example.com"]}, "config.E010"),
        ({"WEBHOOK_SECRET": "s"}, "config.E011"),
        ({"ALERT_EMAIL_TO": ["ann"], "EMAIL_CONFIGURED": True}, "config.E012"),
        ({"DEFAULT_FROM_EMAIL": "Costs <costs>"}, "config.E012"),
        ({"ALLOWED_HOSTS": ["https://costs.example.com"]}, "config.E028"),
        ({"ALLOWED_HOSTS": ["costs.example.com:8000"]}, "config.E028"),
        ({"ALLOWED_HOSTS": ["costs.example.com inner.example.com"]}, "config.E028"),
        ({"VAR_DIR": Path(__file__), "SHARED_SECRET_KEY": ""}, "config.E002"),
    ],
)
def test_each_mistake_has_its_check(settings, changes, expected):
    for name, value in changes.items():
        setattr(settings, name, value)
    assert ids() == [expected]


def test_hosts_may_be_names_addresses_and_patterns(settings):
    settings.ALLOWED_HOSTS = ["*", ".example.com", "my_host", "192.0.2.1", "[::1]", "::1"]
    assert ids() == []


def test_a_token_of_slack_is_enough_for_channels_made_in_the_admin(settings):
    settings.SLACK_BOT_TOKEN = "xoxb-1"
    assert ids() == []


def test_a_directory_that_is_missing_is_told_from_one_that_cannot_be_written(settings, tmp_path, monkeypatch):
    monkeypatch.setattr("os.access", lambda path, mode: False)  # the superuser may write everywhere
    settings.SHARED_SECRET_KEY, settings.VAR_DIR = "", tmp_path
    assert [message.msg for message in check_var_directory(None)] == [f"{tmp_path} cannot be written."]
    settings.VAR_DIR = tmp_path / "var"
    [missing] = check_var_directory(None)
    assert missing.msg == f"{tmp_path}/var cannot be created."


def test_a_domain_with_an_at_sign_is_refused(settings):
    settings.AUTH_SECRET = "x" * 32
    settings.AUTH_GOOGLE_ID = settings.AUTH_GOOGLE_SECRET = "made up"
    settings.AUTH_ALLOWED_DOMAIN = "@example.com"
    assert ids() == ["config.E013"]


def test_complete_sign_in_and_slack_are_fine(settings):
    settings.AUTH_SECRET = "x" * 32
    settings.AUTH_GOOGLE_ID = settings.AUTH_GOOGLE_SECRET = "made up"
    settings.AUTH_ALLOWED_DOMAIN = "example.com"
    settings.SLACK_BOT_TOKEN, settings.SLACK_CHANNEL_ID = "xoxb-1", "C1"
    assert ids() == []


def test_a_deployment_is_warned_about_its_key_and_its_address(settings):
    assert ids(deploy=True) == ["config.W001", "config.W002"]
    settings.SHARED_SECRET_KEY = "x" * 50
    settings.HTTPS = True
    assert ids(deploy=True) == ["config.W003"]
    settings.AUTH_TRUST_HOST = True
    assert ids(deploy=True) == []


def test_a_deployment_is_warned_about_a_provider_that_anybody_in_between_can_speak_for(settings):
    settings.SHARED_SECRET_KEY, settings.HTTPS, settings.AUTH_TRUST_HOST = "x" * 50, True, True
    settings.AUTH_ENABLED, settings.AUTH_ADMIN_EMAILS, settings.AUTH_SECRET = True, ["a@b.co"], "x" * 32
    settings.AUTH_OIDC_ISSUER, settings.AUTH_OIDC_ID = "http://login.example.com", "id"
    settings.AUTH_OIDC_SECRET = "a secret"
    assert ids(deploy=True) == ["config.W005"]
    settings.AUTH_OIDC_ISSUER = "https://login.example.com"
    assert ids(deploy=True) == []


def test_a_deployment_with_sign_in_is_asked_who_administers_it(settings):
    settings.SHARED_SECRET_KEY, settings.HTTPS, settings.AUTH_TRUST_HOST = "x" * 50, True, True
    settings.AUTH_ENABLED = True
    assert ids(deploy=True) == ["config.W004"]
    settings.AUTH_SECRET = "x" * 32
    settings.AUTH_GOOGLE_ID = settings.AUTH_GOOGLE_SECRET = "made up"
    settings.AUTH_ADMIN_EMAILS = ["ann@example.com"]
    assert ids(deploy=True) == []


@pytest.mark.django_db
def test_a_real_key_is_not_used_on_the_demos_database(settings):
    settings.CURSOR_ADMIN_API_KEY = "key_1"
    assert ids() == []
    mark_demo(datetime(2026, 3, 2, tzinfo=UTC))
    assert ids() == ["config.E014"]
    settings.DEMO = True
    assert ids() == []


def test_a_database_that_does_not_answer_holds_no_demo(settings, monkeypatch):
    settings.CURSOR_ADMIN_API_KEY = "key_1"

    def refuse(*args, **kwargs):
        raise OperationalError("nothing there")

    monkeypatch.setattr("tracker.running.demo.transaction.atomic", refuse)
    assert ids() == []


def test_no_check_shows_a_secret(settings):
    settings.AUTH_GOOGLE_SECRET = settings.SLACK_SIGNING_SECRET = settings.WEBHOOK_SECRET = "hunter2"
    messages = [message for message in run_checks() if message.id.startswith("config.")]
    assert {message.id for message in messages} == {"config.E004", "config.E008", "config.E011"}
    assert not any("hunter2" in f"{message}{message.hint}" for message in messages)
