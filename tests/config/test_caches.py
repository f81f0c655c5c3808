"""Caches on a Redis that is away."""

import os
import socket
import subprocess
import sys
import time
from datetime import date

import pytest
from django.conf import settings
from django.core.cache import caches

from config.caches import build_caches
from config.spare_redis import SpareRedisCache
from detection.frame.kept_days import kept_day_rows


@pytest.fixture
def no_redis(settings) -> None:
    settings.CACHES = build_caches("redis://127.0.0.1:1/0", "key")


def test_what_cannot_be_kept_is_not_there(no_redis):
    caches["pages"].set("key", "value", 60)
    assert caches["pages"].get("key", "nothing") == "nothing"


def test_redis_that_is_silent_is_waited_for_once_and_asked_again_later(settings, monkeypatch):
    monkeypatch.setattr(SpareRedisCache, "asks_again_at", 0.0)
    with socket.create_server(("127.0.0.1", 0)) as silent:
        settings.CACHES = build_caches(f"redis://127.0.0.1:{silent.getsockname()[1]}/0", "key")
        caches["pages"].get("key")
        began = time.monotonic()
        assert [caches["pages"].get("key", "nothing") for _ in range(5)] == ["nothing"] * 5
        assert time.monotonic() - began < 1
    assert 0 < SpareRedisCache.asks_again_at - began < 60


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("path", ["/", "/insights", "/incidents", "/teams", "/settings"])
def test_a_page_is_shown_without_redis(client, no_redis, path):
    assert client.get(path).status_code == 200


@pytest.mark.django_db(transaction=True)
def test_detection_reads_its_days_without_redis(no_redis):
    assert kept_day_rows(date(2026, 3, 1), date(2026, 3, 2)).empty


def test_installations_on_one_redis_share_neither_pages_nor_tasks():
    program = "from config import settings as s; print(s.CACHES['pages']['KEY_PREFIX'], s.Q_CLUSTER['name'])"
    names = [
        subprocess.run(
            [sys.executable, "-c", program],
            cwd=settings.BASE_DIR,
            env=os.environ | {"REDIS_URL": "redis://127.0.0.1:1/0", "SECRET_KEY": key * 50},
            capture_output=True,
            text=True,
            check=True,
        ).stdout.split()
        for key in "aab"
    ]
    assert names[0] == names[1]
    assert set(names[0]).isdisjoint(names[2])
