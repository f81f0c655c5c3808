"""The caches for counters and rendered pages."""

from collections.abc import Mapping


def build_caches(redis_url: str) -> dict[str, Mapping[str, object]]:
    """Counted calls for all processes: in Redis, or else in the database. Rendered pages: in Redis, or else
    in each process, since keeping one in SQLite takes five statements and the lock that writers wait for."""
    if redis_url:
        redis = {
            "BACKEND": "django.core.cache.backends.redis.RedisCache",
            "LOCATION": redis_url,
            "KEY_PREFIX": "cursor-cost-monitor",
        }
        return {"default": redis, "pages": redis}
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
