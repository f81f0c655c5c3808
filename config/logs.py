"""Logs as text or JSON on standard error, with every secret blotted out wherever it turns up."""

import logging
import re
from collections.abc import Collection
from types import TracebackType
from typing import Any

from pythonjsonlogger.json import JsonFormatter

UTC = "%Y-%m-%dT%H:%M:%SZ"  # Django sets the process to TIME_ZONE, which is UTC
BLOT = "[secret]"
# The last ones turn the direction of what follows, as far as other lines.
CONTROLS = re.compile(r"[\x00-\x08\n-\x1f\x7f-\x9f\u2028\u2029\u200e\u200f\u061c\u202a-\u202e\u2066-\u2069]")
# Shorter ones would blot out ordinary words; no service issues one.
SHORTEST_SECRET = 8
# Credentials by their look, whoever's they are: headers, this site's, Slack's and Resend's tokens, passwords
# in addresses.
LOOKS_SECRET = re.compile(
    r"(?P<scheme>\b(?:Basic|Bearer)\s+)[^\s'\",}]+"
    r"|(?P<user>://[^\s/:@]*:)[^\s/@]+(?=@)"
    r"|\bxox[a-z]-[\w-]+|\bre_\w{8,}|\bkey_\w{16,}|\bccm_[\w-]{16,}"
)

ExcInfo = tuple[type[BaseException], BaseException, TracebackType | None] | tuple[None, None, None]


class Redaction(logging.Formatter):
    """It works on the finished line, so that tracebacks and arguments are covered too."""

    def __init__(self, *args: Any, secrets: Collection[str] = (), **options: Any) -> None:
        super().__init__(*args, **options)
        longest_first = sorted((s for s in secrets if len(s) >= SHORTEST_SECRET), key=len, reverse=True)
        self.pattern = re.compile("|".join(map(re.escape, longest_first))) if longest_first else None

    def format(self, record: logging.LogRecord) -> str:
        return self.redact(super().format(record))

    def redact(self, line: str) -> str:
        if self.pattern:
            line = self.pattern.sub(BLOT, line)
        return LOOKS_SECRET.sub(lambda match: (match["scheme"] or match["user"] or "") + BLOT, line)


class TextLines(Redaction):
    """A record is one line; what follows it (a traceback) is indented, so that nothing from outside can pass
    for a line of its own."""

    def formatMessage(self, record: logging.LogRecord) -> str:  # noqa: N802  (logging's name)
        return escape_controls(super().formatMessage(record))

    def formatException(self, exc_info: ExcInfo) -> str:  # noqa: N802
        lines = super().formatException(exc_info).split("\n")
        return "\n".join("    " + escape_controls(line) for line in lines)


def escape_controls(text: str) -> str:
    """`text` with control characters (line ends, terminal codes) as `\\n`, `\\x1b`."""
    return CONTROLS.sub(lambda match: match[0].encode("unicode_escape").decode(), text)


def is_request_of_no_fault(record: logging.LogRecord) -> bool:
    """Always true; a refused request (400 to 499) loses its traceback, which is the caller's doing."""
    status = getattr(record, "status_code", None)
    if isinstance(status, int) and status < 500:
        record.exc_info = record.exc_text = None
    return True


class JsonLines(Redaction, JsonFormatter):
    pass


def logging_config(style: str, level: str, *, secrets: Collection[str]) -> dict:
    """A LOGGING dictionary; `style` is text or json."""
    lines = {"()": TextLines, "fmt": "{asctime} {levelname} {name}: {message}", "style": "{"}
    if style == "json":
        names = {"asctime": "at", "levelname": "level", "name": "logger"}
        fields = "%(asctime)s %(levelname)s %(name)s %(message)s"
        lines = {"()": JsonLines, "fmt": fields, "rename_fields": names}
    return {
        "version": 1,
        "disable_existing_loggers": False,
        "formatters": {"lines": lines | {"datefmt": UTC, "secrets": secrets}},
        "filters": {"refusals": {"()": lambda: is_request_of_no_fault}},
        "handlers": {
            "stderr": {"class": "logging.StreamHandler", "formatter": "lines", "filters": ["refusals"]}
        },
        "root": {"handlers": ["stderr"], "level": level},
        "loggers": {
            # Django's own handlers would print a second, unredacted line.
            "django": {"handlers": [], "level": level, "propagate": True},
            "django.server": {"handlers": [], "level": level, "propagate": True},
            # At DEBUG all that a page is made of, for each name that a template lacks: everybody's spend, the
            # secret of a one-time code, a token that is shown once.
            "django.template": {"level": "INFO"},
            # These name addresses whose path is a key: webhooks, heartbeats, Slack's for a reply (even in its
            # errors, which are reported by who calls it), Apprise's services.
            "urllib3": {"level": "INFO"},
            "slack_sdk": {"level": "CRITICAL"},
            "apprise": {"level": "CRITICAL"},
        },
    }
