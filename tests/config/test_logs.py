import json
import logging
import os
import subprocess
import sys

import pytest
from django.views.debug import ExceptionReporter

from config.caches import build_caches
from config.logs import JsonLines, TextLines, is_request_of_no_fault, logging_config

SECRETS = ("key_made_up_for_tests", "hunter2-hunter2")


def record(message: str, *args: object, exc_info: object = None) -> logging.LogRecord:
    return logging.LogRecord("collector", logging.INFO, __file__, 1, message, args, exc_info)


def build(style: str) -> logging.Formatter:
    options = dict(logging_config(style, "INFO", secrets=SECRETS)["formatters"]["lines"])
    return options.pop("()")(**options)


@pytest.mark.parametrize("style", ["text", "json"])
@pytest.mark.parametrize(
    "message",
    [
        "using key_made_up_for_tests now",
        "Authorization: Basic a2V5X21hZGVfdXA6",
        "Authorization: Bearer hunter2-hunter2",
        "postgres://monitor:hunter2@db/costs",
        "token xoxb-123-hunter2 refused",
        "re_hunter2hunter2 refused",
        "Not Found: /api/ccm_hunter2-hunter_2hunter2hunter2",
    ],
)
def test_no_secret_reaches_a_line(style, message):
    line = build(style).format(record(message))
    assert "[secret]" in line
    assert "hunter2" not in line
    assert "made_up" not in line
    assert "a2V5" not in line


def test_a_secret_in_an_argument_or_a_traceback_is_blotted_out():
    try:
        raise ValueError("hunter2-hunter2")
    except ValueError:
        line = build("text").format(record("failed with %s", "hunter2-hunter2", exc_info=sys.exc_info()))
    assert "ValueError: [secret]" in line
    assert "hunter2" not in line


@pytest.mark.parametrize("message", ["12 rows, 3 new", "Listening at: http://127.0.0.1:8000 (17)"])
def test_a_line_without_secrets_is_left_alone(message):
    assert TextLines("%(message)s", secrets=SECRETS).format(record(message)) == message


def test_json_lines_are_one_object_each_with_time_level_logger_and_message():
    line = json.loads(build("json").format(record("12 rows")))
    assert {"level": "INFO", "logger": "collector", "message": "12 rows"}.items() <= line.items()
    assert "at" in line


def test_the_page_for_debugging_shows_no_address_with_a_secret_in_it(rf, settings):
    settings.EMAIL_URL = "smtp+tls://user:hunter2@mail.example.com:587"
    settings.WEBHOOK_URL = settings.HEARTBEAT_URL = "https://example.com/hunter2"
    settings.REDIS_URL = "redis://:hunter2@redis:6379/0"
    settings.CACHES = build_caches(settings.REDIS_URL, settings.SECRET_KEY)
    settings.Q_CLUSTER = {"redis": settings.REDIS_URL}
    assert "hunter2" not in ExceptionReporter(rf.get("/"), None, None, None).get_traceback_html()


def test_short_values_are_not_taken_for_secrets():
    assert JsonLines(secrets=["abc"]).redact("abcdef") == "abcdef"


def test_nothing_from_outside_can_pass_for_a_line_of_its_own():
    forged = "x\n2026-11-28T23:59:59Z INFO root: all is well\n\x1b[31m\x9b\u2028"
    try:
        raise ValueError(forged)
    except ValueError:
        text = build("text").format(record("refused %s", forged, exc_info=sys.exc_info()))
    assert [line for line in text.split("\n") if "all is well" in line and not line.startswith("    ")] == [
        text.split("\n")[0]
    ]
    assert not any(character in text for character in "\x1b\x9b\u2028")
    assert text.startswith("20") and "refused x\\n2026" in text


def test_a_refused_request_leaves_no_traceback_in_the_log():
    refused = record("Bad Request", exc_info=(ValueError, ValueError("x"), None))
    refused.status_code = 400
    assert is_request_of_no_fault(refused) and refused.exc_info is None
    crashed = record("Internal Server Error", exc_info=(ValueError, ValueError("x"), None))
    crashed.status_code = 500
    assert is_request_of_no_fault(crashed) and crashed.exc_info


def test_a_line_keeps_the_direction_of_the_lines_around_it():
    line = build("text").format(record("search for \u202egnp.exe\u2066 by \u200fann"))
    assert "search for \\u202egnp.exe\\u2066 by \\u200fann" in line


def test_the_address_of_a_reply_in_slack_and_what_a_page_is_made_of_are_in_no_line_at_any_level():
    """Whoever has the address can write where the button stands, for half an hour."""
    program = (
        "import os, django; django.setup()\n"
        "from django.template import Context, Template\n"
        "from slack_sdk.webhook import WebhookClient\n"
        "try: WebhookClient('http://127.0.0.1:9/actions/T1/B2/onlyforthisreply').send(text='done')\n"
        "except OSError: pass\n"
        "Template('{{ absent }}').render(Context({'code': 'onlyforthispage'}))\n"
    )
    environment = os.environ | {"LOG_LEVEL": "DEBUG", "DJANGO_SETTINGS_MODULE": "config.settings"}
    done = subprocess.run([sys.executable, "-c", program], env=environment, capture_output=True, text=True)
    assert done.returncode == 0
    assert "onlyforthis" not in done.stderr
