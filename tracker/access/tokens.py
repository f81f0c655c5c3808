"""The secrets that scripts send instead of signing in."""

from __future__ import annotations

import hashlib
import secrets
from datetime import datetime

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
    """The valid token with this secret, its use remembered; None for any other secret."""
    token = ApiToken.objects.valid(now).filter(digest=digest(secret)).first()
    if token:
        ApiToken.objects.touch(token.pk, now)
    return token


def digest(secret: str) -> str:
    """SHA-256: 256 random bits need no slow hash, and equal digests can be looked up."""
    return hashlib.sha256(secret.encode()).hexdigest()
