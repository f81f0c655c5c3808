"""The caches for counters and rendered pages."""

from collections.abc import Mapping

from config.local.secret_key import derive_key


def build_caches(redis_url: str, secret_key: str) -> dict[str, Mapping[str, object]]:
    """Counted calls for all processes: in Redis, or else in the database. Rendered pages: in Redis, or else
    in each process, since keeping one in SQLite takes five statements and the lock that writers wait for.

    While Redis is away pages are rendered each time; what is counted, such as attempts to sign in, fails."""
    if redis_url:
        redis: dict[str, object] = {
            "BACKEND": "django.core.cache.backends.redis.RedisCache",
            "LOCATION": redis_url,
            "KEY_PREFIX": redis_name(secret_key),
        }
        at_most = {"socket_connect_timeout": 2, "socket_timeout": 2}  # seconds that a page waits for it
        spare = {"BACKEND": "config.spare_redis.SpareRedisCache", "OPTIONS": at_most}
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


def redis_name(secret_key: str) -> str:
    """What this installation's keys begin with in a Redis that may serve several."""
    return f"cursor-cost-monitor-{derive_key(f'redis {secret_key}')[:8]}"
