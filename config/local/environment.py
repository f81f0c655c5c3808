"""Reads the environment strictly: a bad value is recorded as a problem, never replaced by a guess.

Settings go on with the default, so that `manage.py check` lists every problem at once (config.E001);
every command and the web process refuse to start while there is one. A file that cannot be read stops
them at once.
"""

import os
import re
from collections.abc import Callable
from pathlib import Path
from typing import TypeVar
from urllib.parse import unquote, urlsplit

import environ
from django.core.exceptions import ImproperlyConfigured

T = TypeVar("T")

TRUE = ("true", "1", "yes", "on")
FALSE = ("false", "0", "no", "off")
SITE = re.compile(r"https?://(\[[0-9a-f:.]+\]|[a-z0-9._-]+)(:[0-9]+)?")


class Environment:
    """Typed access to environment variables.

    `names` are those asked for, `secrets` the values no log may show, `problems` what was wrong.
    """

    def __init__(self) -> None:
        self.names: set[str] = set()
        self.secrets: set[str] = set()
        self.problems: list[str] = []

    def text(self, name: str, default: str = "") -> str:
        """The variable without surrounding blanks; an empty one counts as unset."""
        self.names.add(name)
        return os.environ.get(name, "").strip() or default

    def secret(self, name: str, default: str = "") -> str:
        """Text that must not be seen."""
        value = self.text(name, default)
        self._hide(value)
        return value

    def key(self, name: str, default: str = "") -> str:
        """A secret that travels in a header, which takes ASCII alone: no “…” that came with a copy."""
        self._hide(self.text(name))
        return self._parsed(name, default, _key, "the key itself, in ASCII")

    def items(self, name: str) -> list[str]:
        """Items separated by commas, without blanks; unset is an empty list."""
        return [item.strip() for item in self.text(name).split(",") if item.strip()]

    def pairs(self, name: str, options: tuple[str, ...]) -> dict[str, str]:
        """`key=option` items separated by commas."""
        return self._parsed(
            name, {}, lambda value: _pairs(value, options), f"NAME={'|'.join(options)}, separated by commas"
        )

    def flag(self, name: str, *, default: bool) -> bool:
        return self._parsed(name, default, _flag, "true or false")

    def number(self, name: str, default: int) -> int:
        return self._parsed(name, default, _natural, "a whole number of at least 1")

    def choice(self, name: str, options: tuple[str, ...]) -> str:
        """One of `options`, the first by default."""
        return self._parsed(
            name, options[0], lambda value: options[options.index(value)], " or ".join(options)
        )

    def url(
        self,
        name: str,
        default: str = "",
        *,
        schemes: tuple[str, ...] = ("http", "https"),
        example: str = "https://example.com",
    ) -> str:
        """An address without a trailing slash."""
        return self._parsed(
            name, default, lambda value: _url(value, schemes), f"an address such as {example}"
        )

    def site(self, name: str) -> str:
        """The address of a whole site: scheme, host and port, in lower case as browsers send it."""
        return self._parsed(name, "", _site, "an address such as https://example.com")

    def secret_url(self, name: str) -> str:
        """An http(s) address whose path and query are a credential by themselves."""
        value = self.url(name)
        self._hide(urlsplit(value).path)
        self._hide(urlsplit(value).query)
        return value

    def database(self, name: str, default: str) -> dict:
        return self._parsed(
            name, _database(default), _database, "sqlite:///PATH or postgres://USER@HOST/NAME"
        )

    def email(self, name: str, default: str) -> dict:
        return self._parsed(name, _email(default), _email, "smtp+tls://USER:PASSWORD@HOST:587 or the like")

    def _parsed(self, name: str, default: T, parse: Callable[[str], T], expected: str) -> T:
        value = self.text(name)
        if not value:
            return default
        try:
            password = urlsplit(value).password or ""  # if it is an address with one
            self._hide(password)
            self._hide(unquote(password))
            return parse(value)
        except (ValueError, LookupError, TypeError, ImproperlyConfigured):
            # The value stays out of the message: it may hold a password.
            self.problems.append(f"{name} is not usable: expected {expected}.")
            return default

    def _hide(self, value: str | None) -> None:
        if value:
            self.secrets.add(value)


def read_env_file(path: Path) -> None:
    """Load `path` if it is there; variables already set win.

    ImproperlyConfigured if this user may not read it: without it, sign-in would silently be off.
    """
    if not path.is_file():
        return
    try:
        file = path.open(encoding="utf-8")
    except OSError as error:
        raise ImproperlyConfigured(
            f"{path} cannot be read by this user ({error.strerror}): "
            "make it a file of the user who runs this, with chown and chmod 600."
        ) from error
    environ.Env.read_env(file)  # closes it


def _flag(value: str) -> bool:
    return (TRUE + FALSE).index(value.lower()) < len(TRUE)


def _natural(value: str) -> int:
    number = int(value)
    if number < 1:
        raise ValueError(value)
    return number


def _pairs(value: str, options: tuple[str, ...]) -> dict[str, str]:
    split = [item.rpartition("=") for item in value.split(",") if item.strip()]
    pairs = {key.strip(): option.strip() for key, _, option in split}
    if "" in pairs or set(pairs.values()) - set(options):
        raise ValueError
    return pairs


def _key(value: str) -> str:
    if not (value.isascii() and value.isprintable()):
        raise ValueError
    return value


def _site(value: str) -> str:
    address = _url(value, ("http", "https")).lower()
    if not SITE.fullmatch(address):
        raise ValueError
    return address


def _url(value: str, schemes: tuple[str, ...]) -> str:
    parts = urlsplit(value)
    # Asking for the port raises ValueError when it is not a number in range.
    if parts.scheme not in schemes or not parts.hostname or parts.port == 0 or value.split() != [value]:
        raise ValueError(value)
    return value.rstrip("/")


def _database(value: str) -> dict:
    # Asked first, since django-environ prints what it does not know, password and all.
    if urlsplit(value).scheme not in ("sqlite", "postgres", "postgresql"):
        raise ValueError(value)
    database: dict = environ.Env.db_url_config(value)
    # Without a name SQLite would forget everything with each process.
    if database["NAME"] in ("", ":memory:") and "service" not in database.get("OPTIONS", {}):
        raise ValueError
    return database


def _email(value: str) -> dict:
    config: dict = environ.Env.email_url_config(value)
    if urlsplit(value).scheme.startswith("smtp") and not config["EMAIL_HOST"]:
        raise ValueError
    return config
