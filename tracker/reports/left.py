"""Sums that one process leaves to all others, in the database: every machine reaches it."""

from __future__ import annotations

import hashlib
import pickle
from datetime import timedelta
from functools import cache
from pathlib import Path
from typing import Any

import pandas as pd
from django.core import signing
from django.utils import timezone

from tracker.models import LeftSums

SALT = "tracker.left-sums:"  # before the key: what was signed for one is not read as another
KEPT = timedelta(hours=2)  # facts are written every hour


class Pickled:
    """Objects as bytes, for signing, which checks who wrote them before they are read."""

    def dumps(self, value: object) -> bytes:
        return pickle.dumps(value)

    def loads(self, data: bytes) -> Any:
        return pickle.loads(data)  # noqa: S301  # nosec B301


def leave(key: str, value: object) -> None:
    """Leave `value` under `key`, and forget what is too old to be asked for."""
    now = timezone.now()
    signed = signing.dumps(value, salt=SALT + key, serializer=Pickled, compress=True)
    LeftSums.objects.update_or_create(key=key, defaults={"made_at": now, "signed": signed})
    LeftSums.objects.filter(made_at__lt=now - KEPT).delete()


def find(key: str) -> Any:
    """What was left under `key`; None of nothing, or of something that this site has not signed."""
    signed = LeftSums.objects.filter(key=key).values_list("signed", flat=True).first()
    try:
        return signing.loads(signed, salt=SALT + key, serializer=Pickled) if signed else None
    except signing.BadSignature:
        return None


@cache
def form() -> str:
    """Stands for the code that makes and reads the sums: another version's objects may have another form."""
    sources = sorted(Path(__file__).parent.glob("*.py"))
    code = hashlib.sha256(b"".join(source.read_bytes() for source in sources)).hexdigest()
    return f"{code} pandas {pd.__version__}"
