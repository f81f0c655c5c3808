"""Pressing a button as Slack would report it."""

from __future__ import annotations

import json
from urllib.parse import urlencode

from slack_sdk.signature import Clock, SignatureVerifier

from tests.incidents.factories import NOON

SECRET = "0123456789abcdef0123456789abcdef"


def payload(action: str = "acknowledge", value: str = "1", user: str = "U1", **fields) -> str:
    data = {"type": "block_actions", "user": {"id": user}, "actions": [{"action_id": action, "value": value}]}
    return urlencode({"payload": json.dumps(data | fields)})


def post(client, body: str, *, secret: str = SECRET, sent: float | None = None, **headers):
    stamp = str(int(NOON.timestamp() if sent is None else sent))
    signature = SignatureVerifier(secret, Clock()).generate_signature(timestamp=stamp, body=body)
    signed = {"X-Slack-Request-Timestamp": stamp, "X-Slack-Signature": signature, **headers}
    return client.post(
        "/slack/actions", body, content_type="application/x-www-form-urlencoded", headers=signed
    )
