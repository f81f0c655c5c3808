import runpy
from pathlib import Path

import pytest
from django.conf import settings
from django.core.exceptions import ImproperlyConfigured

from config.local.environment import Environment, read_env_file


@pytest.fixture
def env(monkeypatch) -> Environment:
    monkeypatch.setenv("GIVEN", "")
    return Environment()


def test_unset_and_empty_give_the_default(env):
    assert env.flag("GIVEN", default=True) is True
    assert env.number("ABSENT", 7) == 7
    assert env.choice("GIVEN", ("text", "json")) == "text"
    assert env.items("ABSENT") == []
    assert env.problems == []
    assert env.names == {"GIVEN", "ABSENT"}


@pytest.mark.parametrize(
    ("value", "expected"), [("true", True), ("1", True), ("Yes", True), ("off", False), ("0", False)]
)
def test_flags_are_words(env, monkeypatch, value, expected):
    monkeypatch.setenv("GIVEN", value)
    assert env.flag("GIVEN", default=not expected) is expected


@pytest.mark.parametrize(
    ("read", "value"),
    [
        (lambda env: env.flag("GIVEN", default=False), "ture"),
        (lambda env: env.number("GIVEN", 1), "0"),
        (lambda env: env.number("GIVEN", 1), "many"),
        (lambda env: env.choice("GIVEN", ("text", "json")), "xml"),
        (lambda env: env.url("GIVEN"), "costs.example.org"),
        (lambda env: env.url("GIVEN"), "ftp://example.com"),
        (lambda env: env.url("GIVEN"), "https://example.com:port"),
        (lambda env: env.url("GIVEN", schemes=("redis",)), "http://localhost"),
        (lambda env: env.url("GIVEN"), "https://exa mple.com"),
        (lambda env: env.site("GIVEN"), "https://*"),
        (lambda env: env.site("GIVEN"), "https://costs.example.com/path"),
        (lambda env: env.site("GIVEN"), "https://costs.example.com?x"),
        (lambda env: env.site("GIVEN"), "https://ann:hunter2@costs.example.com"),
        (lambda env: env.site("GIVEN"), "https://kösten.example.com"),
        (lambda env: env.key("GIVEN"), "xoxb-…"),
        (lambda env: env.key("GIVEN"), "key_\u200bhunter2"),
        (lambda env: env.database("GIVEN", "sqlite:///x"), "postgres://ann@host"),
        (lambda env: env.database("GIVEN", "sqlite:///x"), "mysql://ann:hunter2@host/name"),
        (lambda env: env.database("GIVEN", "sqlite:///x"), "hunter2"),
        (lambda env: env.email("GIVEN", "consolemail://"), "carrier-pigeon://hunter2"),
    ],
)
def test_a_bad_value_is_a_problem_that_names_the_variable_and_not_the_value(env, monkeypatch, read, value):
    monkeypatch.setenv("GIVEN", value)
    read(env)
    [problem] = env.problems
    assert problem.startswith("GIVEN is not usable: expected ")
    assert value not in problem


def test_each_bad_variable_is_told_once_with_an_example_of_its_own(monkeypatch):
    monkeypatch.setenv("DASHBOARD_URL", "costs.example.com")
    monkeypatch.setenv("REDIS_URL", "redis")
    read = runpy.run_path(str(settings.BASE_DIR / "config" / "settings.py"))
    assert read["ENVIRONMENT_PROBLEMS"] == (
        "DASHBOARD_URL is not usable: expected an address such as https://example.com.",
        "REDIS_URL is not usable: expected an address such as redis://HOST:6379/0.",
    )


def test_a_key_that_no_header_takes_is_hidden_all_the_same(env, monkeypatch):
    monkeypatch.setenv("GIVEN", "xoxb-…")
    assert env.key("GIVEN") == ""
    assert env.secrets == {"xoxb-…"}


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("https://Costs.Example.com/", "https://costs.example.com"),
        ("http://127.0.0.1:8600", "http://127.0.0.1:8600"),
        ("http://[::1]:8600", "http://[::1]:8600"),
        ("https://costs_1.internal", "https://costs_1.internal"),
    ],
)
def test_a_sites_address_is_as_browsers_send_it(env, monkeypatch, value, expected):
    monkeypatch.setenv("GIVEN", value)
    assert env.site("GIVEN") == expected
    assert env.problems == []


@pytest.mark.parametrize("value", ["sqlite://", "sqlite:///", "sqlite://:memory:"])
def test_a_database_that_would_be_forgotten_is_a_problem(env, monkeypatch, value):
    monkeypatch.setenv("GIVEN", value)
    assert env.database("GIVEN", "sqlite:///x")["NAME"] == "x"
    assert len(env.problems) == 1


def test_a_mail_server_without_a_name_is_a_problem(env, monkeypatch):
    monkeypatch.setenv("GIVEN", "smtp://")
    env.email("GIVEN", "consolemail://")
    assert len(env.problems) == 1


def test_a_database_may_be_named_by_a_service_of_postgres(env, monkeypatch):
    monkeypatch.setenv("GIVEN", "postgres:///?service=costs")
    assert env.database("GIVEN", "sqlite:///x")["OPTIONS"] == {"service": "costs"}
    assert env.problems == []


def test_addresses_lose_their_trailing_slash(env, monkeypatch):
    monkeypatch.setenv("GIVEN", "https://costs.example.com/")
    assert env.url("GIVEN") == "https://costs.example.com"


def test_passwords_in_addresses_and_secret_paths_are_remembered_as_secrets(env, monkeypatch):
    monkeypatch.setenv("GIVEN", "postgres://ann:hunter2@db/costs")
    env.database("GIVEN", "sqlite:///x")
    monkeypatch.setenv("GIVEN", "https://hooks.example.com/services/T0/B0?sig=S0")
    env.secret_url("GIVEN")
    assert env.secrets == {"hunter2", "/services/T0/B0", "sig=S0"}


def test_a_password_is_a_secret_as_it_is_written_and_as_it_is_meant(env, monkeypatch):
    monkeypatch.setenv("GIVEN", "redis://:hunter2%2Fhunter3@cache:6379/0")
    env.url("GIVEN", schemes=("redis",))
    assert env.secrets == {"hunter2%2Fhunter3", "hunter2/hunter3"}


def test_variables_that_are_set_win_over_the_file(tmp_path, monkeypatch):
    monkeypatch.setenv("GIVEN", "shell")
    monkeypatch.delenv("ABSENT", raising=False)
    (tmp_path / ".env").write_text("GIVEN=file\nABSENT=file\n", encoding="utf-8")
    read_env_file(tmp_path / ".env")
    env = Environment()
    assert (env.text("GIVEN"), env.text("ABSENT")) == ("shell", "file")
    monkeypatch.delenv("ABSENT")


def test_a_file_that_is_there_and_cannot_be_read_is_an_error_that_says_what_to_do(tmp_path, monkeypatch):
    def refuse(path: Path, *args: object, **options: object) -> None:
        raise PermissionError(13, "Permission denied", str(path))

    (tmp_path / ".env").write_text("AUTH_SECRET=file\n", encoding="utf-8")
    monkeypatch.setattr(Path, "open", refuse)  # the superuser may read everything
    with pytest.raises(ImproperlyConfigured, match=r"/\.env cannot be read by this user .*: make it"):
        read_env_file(tmp_path / ".env")


def test_no_file_is_fine(tmp_path):
    read_env_file(tmp_path / ".env")
