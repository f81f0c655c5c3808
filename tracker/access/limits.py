"""How often one caller may do something."""

from __future__ import annotations

from dataclasses import dataclass

from django.core.cache import cache
from django.http import HttpRequest

from tracker.access.audit import client_address


@dataclass(frozen=True)
class Limit:
    """At most `calls` in `seconds` from one address; each process counts alone unless the cache is shared."""

    name: str
    calls: int
    seconds: int

    def allows(self, request: HttpRequest) -> bool:
        """Count this call; False if it is one too many."""
        key = f"limit:{self.name}:{client_address(request)}"
        cache.add(key, 0, timeout=self.seconds)
        try:
            return cache.incr(key) <= self.calls
        except ValueError:  # ran out between the two lines
            return True
