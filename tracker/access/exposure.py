"""Whether other machines can reach this one."""

import ipaddress
from functools import lru_cache
from urllib.parse import urlsplit

from django.core.exceptions import DisallowedHost
from django.http import HttpRequest


@lru_cache(maxsize=1_000)
def is_exposed(host: str) -> bool:
    """True unless `host` (a name or address, perhaps with a port) means this machine alone."""
    name = host if is_ip_address(host) else urlsplit(f"//{host}").hostname or ""
    if is_ip_address(name):
        return not ipaddress.ip_address(name).is_loopback
    return name not in ("", "localhost")  # a Unix socket has no address


def is_ip_address(text: str) -> bool:
    try:
        ipaddress.ip_address(text)
    except ValueError:
        return False
    return True


def comes_from_outside(request: HttpRequest) -> bool:
    """True if `request` shows that other machines get here: by the name asked for, or by who asks."""
    try:
        host = request.get_host()
    except DisallowedHost:  # on the page that says so
        return True
    return is_exposed(host) or is_exposed(request.META.get("REMOTE_ADDR", ""))
