"""The caches for counters and rendered pages."""

from collections.abc import Mapping
from contextlib import suppress
from typing import Any

from django.core.cache.backends.redis import RedisCache
from redis import RedisError


def build_caches(redis_url: str) -> dict[str, Mapping[str, object]]:
    """Counted calls for all processes: in Redis, or else in the database. Rendered pages: in Redis, or else
    in each process, since keeping one in SQLite takes five statements and the lock that writers wait for.

    While Redis is away pages are rendered each time; what is counted, such as attempts to sign in, fails."""
    if redis_url:
        redis: dict[str, object] = {
            "BACKEND": "django.core.cache.backends.redis.RedisCache",
            "LOCATION": redis_url,
            "KEY_PREFIX": "cursor-cost-monitor",
        }
        at_most = {"socket_connect_timeout": 2, "socket_timeout": 2}  # seconds that a page waits for it
        spare = {"BACKEND": "config.caches.SpareRedisCache", "OPTIONS": at_most}
        return {"default": redis, "pages": redis | spare}
    return {
        "default": {
            "BACKEND": "django.core.cache.backends.db.DatabaseCache",
            "LOCATION": "tracker_cachedvalue",
            "OPTIONS": {"MAX_ENTRIES": 5_000},
        },
        "pages": {
            "BACKEND": "django.core.cache.backends.locmem.LocMemCache",
            "LOCATION": "pages",
            "OPTIONS": {"MAX_ENTRIES": 200},  # of about 100 KB
        },
    }


class SpareRedisCache(RedisCache):
    """While Redis does not answer, nothing is kept: what is asked for is made again each time."""

    def get(self, key: str, default: Any = None, version: int | None = None) -> Any:
        try:
            return super().get(key, default, version)
        except RedisError:
            return default

    def set(self, *args: Any, **options: Any) -> None:
        with suppress(RedisError):
            super().set(*args, **options)
