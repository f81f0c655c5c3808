"""What may stand in a channel's target, by kind: checked when it is entered, hidden when it is shown."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from django.core.exceptions import ValidationError
from django.core.validators import RegexValidator, URLValidator, validate_email

from collector.base.deadline import is_metadata_address

if TYPE_CHECKING:
    from apprise import NotifyBase

# In an e-mail channel's target: the member whom an incident is about.
MEMBER = "{member}"
# What Apprise would do on this machine instead of over the network.
LOCAL_SERVICES = ("blink1", "dbus", "gio", "glib", "gnome", "kde", "macosx", "qt", "syslog", "windows")
# Options of Apprise's services that name a file.
FILE_OPTIONS = ("keyfile", "subfile", "pgp_key", "pgp_privkey")
SEVERAL = {"email", "apprise"}  # kinds whose target holds several items
SECRET_KINDS = frozenset({"webhook", "apprise", "pager", "opsgenie"})
HIDDEN = "•••"


def split_target(kind: str, target: str) -> list[str]:
    """The items in a target: addresses at commas and line ends, Apprise's URLs at line ends, else one."""
    if kind == "email":
        parts = target.replace("\n", ",").split(",")
    else:
        parts = target.split("\n") if kind in SEVERAL else [target]
    return [part.strip() for part in parts if part.strip()]


def check_item(kind: str, item: str) -> None:
    """ValidationError unless `item` can stand in the target of a channel of that kind."""
    if check := CHECKS.get(kind):
        check(item)


def check_quoted(item: str, check: Callable[[str], object]) -> None:
    """What `check` says of one of several items, with the item."""
    try:
        check(item)
    except ValidationError as problem:
        raise ValidationError(f"“{item}”: {problem.messages[0]}") from problem


def check_address(item: str) -> None:
    if item != MEMBER:
        check_quoted(item, validate_email)


def check_web_address(item: str) -> None:
    check_quoted(item, URLValidator(schemes=["http", "https"]))
    refuse_metadata_address(item)


def refuse_metadata_address(url: str) -> None:
    """ValidationError for the address of a cloud's metadata service; names are looked up when called."""
    try:
        host = urlsplit(url).hostname or ""
    except ValueError as problem:  # json://[
        raise ValidationError("What stands between // and / is not a host.") from problem
    if is_metadata_address(host):
        raise ValidationError(
            "Nobody takes messages at a link-local or metadata address, such as 169.254.169.254."
        )


def check_apprise_url(item: str) -> None:
    scheme = item.partition("://")[0].lower()
    if scheme in LOCAL_SERVICES:
        raise ValidationError(f"“{scheme}” shows messages on this machine: choose a service on the network.")
    refuse_metadata_address(item)
    service = apprise_service(item)
    if service is None:
        raise ValidationError(
            f"“{scheme}://{HIDDEN}” is not an Apprise URL. Examples: discord://ID/TOKEN, ntfy://TOPIC, "
            "workflows://HOST/WORKFLOW/SIGNATURE for Teams. See https://github.com/caronc/apprise/wiki."
        )
    if reads_file(service):
        raise ValidationError(
            f"“{scheme}://{HIDDEN}” would read a file on this machine: do not use templates or key files."
        )


def apprise_service(url: str) -> NotifyBase | None:
    """What Apprise makes of the URL."""
    from apprise import Apprise  # takes a while to load, and every process knows the channels

    return Apprise.instantiate(url, suppress_exceptions=True)


def reads_file(service: NotifyBase) -> bool:
    """Whether one of its options is a file that Apprise reads each time, or fetches from an address."""
    from apprise import AppriseAttachment

    options = vars(service)
    attached = [value for value in options.values() if isinstance(value, AppriseAttachment)]
    return any(map(len, attached)) or any(map(options.get, FILE_OPTIONS))


CHECKS: dict[str, Callable[[str], None]] = {
    "slack": RegexValidator(
        r"\A([CGDU][A-Z0-9]{5,}|#?[a-z0-9][a-z0-9._-]{0,79})\Z",
        "“%(value)s” is not a Slack channel: its id looks like C0123456789.",
    ),
    "email": check_address,
    "webhook": check_web_address,
    "apprise": check_apprise_url,
    "pager": RegexValidator(
        r"\A[A-Za-z0-9]{32}\Z",
        "An Integration Key of PagerDuty's Events API v2 has 32 letters and digits.",
    ),
    "opsgenie": RegexValidator(
        r"\A[A-Za-z0-9-]{20,64}\Z",
        "An API key of Opsgenie has letters, digits and hyphens, such as 8-4-4-4-12.",
    ),
}


def shown_target(kind: str, target: str) -> str:
    """The target for people to read, its secret parts hidden."""
    items = split_target(kind, target)
    if kind not in SECRET_KINDS:
        return ", ".join(items)
    return ", ".join(shown_secret(kind, item) for item in items)


def shown_secret(kind: str, item: str) -> str:
    if kind == "webhook":
        scheme, _, address = item.partition("://")
        host = re.split("[/?#]", address)[0].rpartition("@")[2]
        return f"{scheme}://{host}/{HIDDEN}"
    if kind != "apprise":
        return f"{HIDDEN}{item[-4:]}"
    service = apprise_service(item)
    if service is None:
        return HIDDEN
    scheme, _, address = service.url(privacy=True).partition("?")[0].partition("://")
    host, *path = address.split("/")
    # Apprise shortens what it knows to be a key, but a plain JSON address has its key in the path, and a
    # topic of ntfy stands where others have a host.
    shown = [part if "..." in part or not part else HIDDEN for part in path]
    return f"{scheme}://{'/'.join([host if '.' in host else HIDDEN, *shown])}"
