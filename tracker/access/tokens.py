"""The secrets that scripts send instead of signing in."""

import hashlib
import secrets
from contextlib import suppress
from datetime import datetime, timedelta

from django.contrib.auth.models import User
from django.db import OperationalError
from django.db.models.signals import pre_delete
from django.dispatch import receiver
from django.utils import timezone

from tracker.models import ApiToken

# Tells a token of this product from others in a leak scanner's findings.
PREFIX = "ccm_"
HINT_LENGTH = 8


def issue(token: ApiToken) -> str:
    """Give `token` (unsaved) its secret and save it; the secret returned is kept nowhere."""
    secret = PREFIX + secrets.token_urlsafe(32)
    token.hint = secret[:HINT_LENGTH]
    token.digest = digest(secret)
    token.save()
    return secret


def token_for(secret: str, now: datetime) -> ApiToken | None:
    """The valid token with this secret, its use remembered to the minute; None for any other secret."""
    token = ApiToken.objects.valid(now).select_related("created_by").filter(digest=digest(secret)).first()
    # An update waits for other writers: a busy script must not write at every call.
    if token and (token.last_used_at is None or now - token.last_used_at >= timedelta(minutes=1)):
        with suppress(OperationalError):  # a long import may hold the only writer's lock; reading goes on
            ApiToken.objects.filter(pk=token.pk).update(last_used_at=now)
    return token


def digest(secret: str) -> str:
    """SHA-256: 256 random bits need no slow hash, and equal digests can be looked up."""
    return hashlib.sha256(secret.encode()).hexdigest()


@receiver(pre_delete, sender=User)
def revoke_tokens(instance: User, **_: object) -> None:
    """A token does no more than its maker may: nothing, once the maker is deleted."""
    ApiToken.objects.filter(created_by=instance, revoked_at=None).update(revoked_at=timezone.now())
