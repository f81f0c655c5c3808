"""JSON by POST to a service: one total deadline, no redirects, and an answer of which little is read."""

import json
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta

import requests

from collector.base.deadline import DeadlineExceeded, deadline
from collector.cursor.retry import retry_after

from .base import DeliveryError

TIMEOUT_SECONDS = (5, 10)  # to connect, between two parts of the answer's head
TOTAL_SECONDS = 20
LONGEST_WAIT_SECONDS = 6 * 3600
USER_AGENT = "cursor-cost-monitor"


def post_json(
    service: str, url: str, data: Mapping[str, object], headers: Mapping[str, str] | None = None
) -> None:
    """POST `data`; any 2xx is a success. DeliveryError names the service, never the address or a key."""
    body = json.dumps(data, ensure_ascii=False).encode()
    sent = {"Content-Type": "application/json; charset=utf-8", "User-Agent": USER_AGENT, **(headers or {})}
    call_service(service, "POST", url, body, sent)


def call_service(
    service: str, method: str, url: str, body: bytes = b"", headers: Mapping[str, str] | None = None
) -> None:
    try:
        # Streamed and closed unread: a body that never ends would never time out.
        with (
            deadline(TOTAL_SECONDS),
            requests.request(
                method,
                url,
                data=body,
                headers=dict(headers or {}),
                timeout=TIMEOUT_SECONDS,
                allow_redirects=False,
                stream=True,
            ) as response,
        ):
            if not 200 <= response.status_code < 300:
                raise refusal(service, response)
    except DeadlineExceeded:
        raise too_slow(service, TOTAL_SECONDS) from None
    except requests.Timeout as problem:
        raise unreachable(service, problem, is_uncertain=True) from None
    except (requests.RequestException, ValueError) as problem:  # the library reads a Location even unasked
        raise unreachable(service, problem) from None  # the cause holds the address, which may hold a key


def too_slow(service: str, seconds: float) -> DeliveryError:
    return DeliveryError(
        f"{service} did not answer within {seconds:g} s; the message may have arrived.", is_uncertain=True
    )


def unreachable(service: str, problem: Exception, *, is_uncertain: bool = False) -> DeliveryError:
    return DeliveryError(
        f"{service} could not be reached ({type(problem).__name__}): check the network and the address.",
        is_uncertain=is_uncertain,
    )


def refusal(service: str, response: requests.Response) -> DeliveryError:
    """The error of an answer that is not a success: what the service said, and what to do about it."""
    seconds = retry_after(response.headers.get("Retry-After"), datetime.now(UTC))
    wait = None if seconds is None else timedelta(seconds=min(seconds, LONGEST_WAIT_SECONDS))
    status = response.status_code
    advice = {
        400: "the key or the message was refused; check the key",
        401: "the key was refused; check it",
        403: "the key was refused; check it and its permissions",
        404: "nothing was found at that address; check it",
        429: "it asks to slow down; the message will be sent again",
    }.get(status, "any 2xx counts as delivered")
    return DeliveryError(
        f"{service} answered HTTP {status}: {advice}.", retry_after=wait, is_uncertain=status >= 500
    )
