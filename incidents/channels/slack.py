"""Slack: Block Kit messages that change as the incident goes on, with a thread below."""

import hashlib
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Any
from urllib.request import HTTPHandler, HTTPSHandler, OpenerDirector, ProxyHandler, Request

from django.conf import settings
from django.core.cache import caches
from slack_sdk import WebClient
from slack_sdk.errors import SlackApiError
from slack_sdk.http_retry.builtin_handlers import ConnectionErrorRetryHandler, ServerErrorRetryHandler
from slack_sdk.http_retry.handler import RetryHandler
from slack_sdk.web import SlackResponse

from collector.base.deadline import deadline, read_at_most
from collector.base.plausibility import is_number
from incidents.models import Channel
from incidents.notifying.messages import Alert, Digest

from .base import DeliveryError, Parcel
from .slack_blocks import SECTION, alert_blocks, digest_blocks, escape

TIMEOUT_SECONDS = 10
CALL_SECONDS = 20  # altogether, a repetition included
# Slack waits three seconds for the answer to a press: who it was, the workspace once an hour, and the reply.
PRESS_SECONDS, TEAM_SECONDS, REPLY_SECONDS = 1.2, 0.6, 0.8
LARGEST_ANSWER = 4 * 1024**2  # a hundred messages with their blocks
LONGEST_WAIT_SECONDS = 3600

# What Slack answers, and what an administrator can do about it.
# https://docs.slack.dev/reference/methods/chat.postMessage, read 2026-11-23.
ADVICE = {
    "invalid_auth": "the token is not valid; set SLACK_BOT_TOKEN to the app's Bot User OAuth Token (xoxb-…)",
    "not_authed": "no token was sent; set SLACK_BOT_TOKEN",
    "account_inactive": "the token's app or workspace no longer exists; install the app again and set "
    "SLACK_BOT_TOKEN",
    "token_revoked": "the token was revoked; install the app again and set SLACK_BOT_TOKEN",
    "missing_scope": "a permission is missing; add chat:write, users:read, users:read.email and im:write, "
    "then install it again",
    "channel_not_found": "the app cannot find the channel; check the channel's id and invite the app to it",
    "not_in_channel": "the app is not in the channel; invite it there with /invite",
    "is_archived": "the channel is archived; choose another one",
    "msg_too_long": "the message is too long for Slack; other messages are still sent",
    "msg_blocks_too_long": "the message is too long for Slack; other messages are still sent",
    "invalid_blocks": "Slack refused the format of the message; other messages are still sent",
}
ABOUT_THE_MESSAGE = {"msg_too_long", "msg_blocks_too_long", "invalid_blocks", "no_text", "message_not_found"}
# Come with 200 too, and perhaps after the message was taken.
SLACKS_OWN_FAULTS = {"fatal_error", "internal_error", "service_unavailable", "request_timeout"}
CODE = re.compile(r"[a-z][a-z0-9_]*")
TS = re.compile(r"[0-9]{1,20}\.[0-9]{1,20}")
ROOT_IS_GONE = {"message_not_found", "thread_not_found", "cant_update_message", "edit_window_closed"}


class BoundedClient(WebClient):
    """Reads no more than an answer of Slack's can be, and follows no redirects."""

    def _perform_urllib_http_request_internal(self, url: str, req: Request) -> dict[str, object]:
        opener = OpenerDirector()
        for handler in (ProxyHandler(), HTTPHandler(), HTTPSHandler(context=self.ssl)):
            opener.add_handler(handler)
        with opener.open(req, timeout=self.timeout) as response:
            body = read_at_most(response, LARGEST_ANSWER)
            headers = {**response.headers, "Retry-After": response.headers.get("Retry-After", "")}
            return {"status": response.status, "headers": headers, "body": body.decode("utf-8", "replace")}


def client(method: str, *, is_patient: bool = True) -> WebClient:
    """The one way to Slack. What may be repeated is tried twice, unless somebody waits; posting is left to
    the outbox, and so are rate limits, which it waits for without holding a worker."""
    handlers: list[RetryHandler] = [
        ConnectionErrorRetryHandler(max_retry_count=1),
        ServerErrorRetryHandler(max_retry_count=1),
    ]
    return BoundedClient(
        token=settings.SLACK_BOT_TOKEN,
        base_url=f"{settings.SLACK_API_URL}/",
        timeout=TIMEOUT_SECONDS,
        retry_handlers=handlers if is_patient and method != "chat_postMessage" else [],
    )


def room(channel: Channel) -> str:
    return channel.target.strip() or settings.SLACK_CHANNEL_ID


def send(channel: Channel, parcel: Parcel) -> str:
    """Post, or edit the root and answer in its thread; return the ts that later messages follow."""
    if not settings.SLACK_BOT_TOKEN:
        raise DeliveryError("Slack is not set up: set SLACK_BOT_TOKEN in .env and start again.")
    if not room(channel):
        raise DeliveryError("No Slack channel: set SLACK_CHANNEL_ID, or the target in the admin.")
    if parcel.root and isinstance(parcel.content, Alert):
        return follow_up(room(channel), parcel, parcel.content)
    return post(room(channel), parcel)


def post(to: str, parcel: Parcel) -> str:
    return post_once(parcel, channel=to, unfurl_links=False, unfurl_media=False, **body(parcel.content))


def post_once(parcel: Parcel, **message: Any) -> str:
    """Post, unless an earlier attempt got through after all; return the message's ts.

    It is empty where Slack took the message and did not name it: what follows is then a new message.
    """
    mark = {"event_type": "cost_notification", "event_payload": {"key": parcel.key}}
    posted = find_posted(parcel, message["channel"], message.get("thread_ts", ""))
    return posted or ts_of(call("chat_postMessage", metadata=mark, **message).data)


def find_posted(parcel: Parcel, channel: str, thread: str) -> str:
    """The ts of the message with this parcel's key, if an attempt may have left one; empty if there is none,
    or the app may not read messages."""
    if parcel.sent_since is None:
        return ""
    where: dict[str, Any]
    method, where = ("conversations_replies", {"ts": thread}) if thread else ("conversations_history", {})
    since = str(parcel.sent_since.timestamp())
    try:
        answer = call(method, channel=channel, oldest=since, include_all_metadata=True, limit=100, **where)
    except DeliveryError:
        return ""
    messages = answer.get("messages")
    for message in messages if isinstance(messages, list) else ():
        if part(message, "metadata", "event_payload", "key") == parcel.key:
            return ts_of(message)
    return ""


def part(answer: object, *names: str) -> object:
    """The value in an answer under these names, one within the other; None if there is none."""
    for name in names:
        answer = answer.get(name) if isinstance(answer, dict) else None
    return answer


def text_part(answer: object, *names: str) -> str:
    value = part(answer, *names)
    return value if isinstance(value, str) else ""


def ts_of(message: object) -> str:
    """What a message goes by: seconds with a fraction, as text; empty where it is anything else."""
    ts = text_part(message, "ts")
    return ts if TS.fullmatch(ts) else ""


def follow_up(to: str, parcel: Parcel, news: Alert) -> str:
    """Edit first, which may be repeated, and answer last; where the root is gone, post a new one."""
    try:
        call("chat_update", channel=to, ts=parcel.root, **body(parcel.root_alert or news))
        post_once(
            parcel,
            channel=to,
            thread_ts=parcel.root,
            reply_broadcast=parcel.is_loud,
            text=escape(news.step, SECTION),
            mrkdwn=False,
        )
    except DeliveryError as problem:
        if problem.code in ROOT_IS_GONE:
            return post(to, parcel)
        raise
    return parcel.root


def body(what: Alert | Digest) -> dict[str, Any]:
    blocks = alert_blocks(what) if isinstance(what, Alert) else digest_blocks(what)
    # Phones and screen readers take the text.
    return {"text": escape(what.subject, SECTION), "blocks": blocks}


def call(method: str, *, seconds: float = 0, is_patient: bool = True, **arguments: object) -> SlackResponse:
    """One call of Slack's API; DeliveryError with the reason and what to do."""
    try:
        with deadline(seconds or CALL_SECONDS, largest=2 * LARGEST_ANSWER):
            answer: SlackResponse = getattr(client(method, is_patient=is_patient), method)(**arguments)
            return answer
    except SlackApiError as problem:
        raise explain_error(problem) from None  # the cause holds the request's headers
    except Exception as problem:  # of an answer that is not Slack's, its library and Python's raise anything
        raise DeliveryError(
            f"Slack could not be reached ({type(problem).__name__}): check the network and SLACK_API_URL.",
            is_uncertain=True,
        ) from None


def explain_error(problem: SlackApiError) -> DeliveryError:
    response = problem.response
    code = str(response.get("error", "unknown")) if isinstance(response.data, dict) else "unknown"
    if response.status_code == 429 or code == "ratelimited":
        wait = retry_after(response.headers)
        return DeliveryError(
            f"Slack asks to slow down for {wait.seconds} s; the message will be sent again.", retry_after=wait
        )
    if response.status_code >= 500 or code in SLACKS_OWN_FAULTS:
        what = code if code in SLACKS_OWN_FAULTS else f"HTTP {response.status_code}"
        return DeliveryError(f"Slack is failing ({what}); the message will be sent again.", is_uncertain=True)
    if not CODE.fullmatch(code):  # its library puts the answer here where that is not JSON
        return DeliveryError(
            "The answer was not Slack's: check SLACK_API_URL, and whether a proxy answers in its place.",
            is_uncertain=True,
        )
    advice = ADVICE.get(code, "see https://docs.slack.dev/reference/methods/chat.postMessage")
    return DeliveryError(
        f"Slack answered {code}: {advice}.", code=code, is_about_channel=code not in ABOUT_THE_MESSAGE
    )


def retry_after(headers: Mapping[str, object]) -> timedelta:
    """Slack's `Retry-After` in seconds; a minute where it gives none that can be read."""
    value = {name.lower(): value for name, value in headers.items()}.get("retry-after", "")
    text = str(value[0] if isinstance(value, list) and value else value)
    return timedelta(seconds=min(int(text), LONGEST_WAIT_SECONDS) if is_number(text) else 60)


@dataclass(frozen=True)
class SlackUser:
    """`email` is lower case, empty where Slack gives none; `zone` a name such as Europe/Berlin.

    `is_own` means: a live person of the app's own workspace whose address is confirmed.
    """

    email: str
    zone: str
    is_own: bool = True


def find_user(user_id: str, team_id: str = "") -> SlackUser:
    """Ask once and briefly, since Slack waits for the answer. `team_id` is the workspace of the press."""
    answer = call("users_info", seconds=PRESS_SECONDS, is_patient=False, user=user_id).data
    user = part(answer, "user")
    email = text_part(user, "profile", "email").strip()
    is_own = isinstance(user, dict) and is_live(user) and is_of_team(user, team_id)
    # Some letters that are not ASCII become one in lower case: the address would be somebody else's.
    return SlackUser(email.lower() if email.isascii() else "", text_part(user, "tz"), is_own)


def is_live(user: dict[str, object]) -> bool:
    """Not switched off, no bot, no guest from another organisation, and with a confirmed address."""
    is_odd = any(user.get(flag) for flag in ("deleted", "is_stranger", "is_bot"))
    return not is_odd and user.get("is_email_confirmed", True) is not False


def is_of_team(user: dict[str, object], team_id: str) -> bool:
    """Whether the user is of the workspace that the app is installed in, as far as Slack says."""
    theirs = str(user.get("team_id") or "")
    if not theirs:
        return True
    ours = {team for team in (team_id, own_team()) if team}
    grid = part(user, "enterprise_user", "teams")
    return not ours or ours <= {theirs, *map(str, grid if isinstance(grid, list) else ())}


def own_team() -> str:
    """The id of the token's workspace, asked once an hour; empty where Slack does not say."""
    key = f"slack-team:{hashlib.sha256(settings.SLACK_BOT_TOKEN.encode()).hexdigest()[:16]}"
    team = caches["pages"].get(key)
    if team is None:
        try:
            team = text_part(call("auth_test", seconds=TEAM_SECONDS, is_patient=False).data, "team_id")
        except DeliveryError:
            return ""
        caches["pages"].set(key, team, 3600)
    return str(team)
