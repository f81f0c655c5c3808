"""Redis as a cache that the product can do without."""

from contextlib import suppress
from typing import Any

from django.core.cache.backends.redis import RedisCache
from redis import RedisError


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
