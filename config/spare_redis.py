"""Redis as a cache that may be away; by its name in the settings, so that nothing loads Redis without it."""

import time
from collections.abc import Callable
from typing import Any

from django.core.cache.backends.redis import RedisCache
from redis import RedisError

PAUSE_SECONDS = 10  # without asking one that did not answer: a page would wait for it several times


class SpareRedisCache(RedisCache):
    """While Redis does not answer, nothing is kept: what is asked for is made again each time."""

    asks_again_at = 0.0

    def get(self, key: str, default: object = None, version: int | None = None) -> object:
        return self._ask(super().get, key, default, version)

    def set(self, *args: Any, **options: Any) -> None:
        self._ask(super().set, *args, **options)

    def _ask(
        self, work: Callable[..., object], key: str, value: object, *args: object, **options: object
    ) -> object:
        """What `work` returns; `value` without Redis."""
        if time.monotonic() < SpareRedisCache.asks_again_at:
            return value
        try:
            return work(key, value, *args, **options)
        except RedisError:
            SpareRedisCache.asks_again_at = time.monotonic() + PAUSE_SECONDS
            return value
