"""`/slack/actions`: the buttons below Slack's messages. Signed by Slack, or nothing happens.

Slack waits three seconds for an answer. What was taken once is not taken again.
https://docs.slack.dev/authentication/verifying-requests-from-slack, read 2026-11-23.
"""

import json
import logging
import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from functools import partial
from typing import Any
from urllib.parse import urlsplit

from django.conf import settings
from django.contrib.auth.models import User
from django.http import HttpResponse
from django.urls import reverse
from django.utils import timezone
from django.utils.dateparse import parse_date
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_POST
from slack_sdk.signature import SignatureVerifier
from slack_sdk.webhook import WebhookClient

from collector.base.deadline import deadline
from collector.models import Member
from incidents import lifecycle
from incidents.actions.answer_links import VALID_FOR, QuestionExpired
from incidents.actions.answers import find_question, save_answer
from incidents.actions.limit_requests import approve_request, deny_request
from incidents.channels import slack
from incidents.channels.base import DeliveryError
from incidents.channels.slack import SlackUser
from incidents.ends import SNOOZES, end_of_day, snooze_end
from incidents.lifecycle import Actor, Outcome
from incidents.models import Incident, LimitRequest, MemberAnswer, Origin, SlackRequest, Verdict
from tracker.access import audit
from tracker.access.admission import is_admitted
from tracker.access.guard import public
from tracker.access.privacy import is_passed_on
from tracker.access.request import AccessRequest
from tracker.access.roles import Role, role_of
from tracker.models import AccessSettings

logger = logging.getLogger(__name__)

ANSWER_TIMEOUT_SECONDS = 1
STAMP = re.compile(r"[0-9]{1,12}")
# Slack takes five minutes for a request's age; what is older is refused by its time, so needs no remembering.
REMEMBER = timedelta(minutes=10)

ACTIONS: dict[str, Callable[..., Outcome]] = {
    "acknowledge": lifecycle.acknowledge,
    "resolve": lifecycle.resolve,
    "expected": partial(lifecycle.verdict, kind=Verdict.EXPECTED),
}
VERDICTS = ("expected", "planned")
# Elements with a choice: a list and a calendar.
CHOOSING = ("snooze", "planned")
APPROVE, DENY = LIMIT_BUTTONS = ("limit_approve", "limit_deny")
ANSWERS = {
    "answer_expected": MemberAnswer.Reply.EXPECTED,
    "answer_stopped": MemberAnswer.Reply.STOPPED,
    "answer_not_me": MemberAnswer.Reply.NOT_ME,
}


class PressRefused(Exception):
    """Nothing was done; the text is for the log and, where they are known, for whoever pressed the button."""


@dataclass(frozen=True)
class Press:
    """One press of a button, or one choice in a list or a calendar.

    `number` is the incident's, the question's for a member's answer, or a limit request's.
    """

    action: str
    number: int
    user_id: str
    response_url: str
    choice: str = ""
    team_id: str = ""  # of the workspace in which it was pressed


@csrf_exempt
@public
@require_POST
def slack_actions(request: AccessRequest) -> HttpResponse:
    now = timezone.now()
    try:
        take_once(request, now)
        press = read_press(request)
    except PressRefused as refusal:
        logger.warning("Slack request refused: %s", refusal)
        return HttpResponse(str(refusal), status=403, content_type="text/plain")
    reply_to_press(press, act_on_press(request, press, now))
    return HttpResponse()


def take_once(request: AccessRequest, now: datetime) -> None:
    """Check and remember the request; PressRefused if it is not signed by Slack, old, or repeated."""
    if not settings.SLACK_SIGNING_SECRET:
        raise PressRefused("Slack's buttons are not set up: set SLACK_SIGNING_SECRET.")
    signature = request.headers.get("X-Slack-Signature", "")
    if not is_signed(request, signature):
        raise PressRefused("The signature or the time of the request is wrong.")
    SlackRequest.objects.filter(received_at__lt=now - REMEMBER).delete()
    _, is_new = SlackRequest.objects.get_or_create(signature=signature, defaults={"received_at": now})
    if not is_new:
        raise PressRefused("This request has already been handled.")


def is_signed(request: AccessRequest, signature: str) -> bool:
    verifier = SignatureVerifier(settings.SLACK_SIGNING_SECRET)
    sent = request.headers.get("X-Slack-Request-Timestamp", "")
    if not STAMP.fullmatch(sent) or not signature.isascii():
        return False
    try:
        return verifier.is_valid(request.body.decode(), sent, signature)
    except UnicodeDecodeError:  # Slack sends UTF-8
        return False


def read_press(request: AccessRequest) -> Press:
    """The first button of the request's payload; PressRefused if there is none."""
    try:
        payload: dict[str, Any] = json.loads(request.POST["payload"])
        action = payload["actions"][0]
        press = Press(
            action=str(action["action_id"]),
            # A list or a calendar has no value: its block is named for what it is about.
            number=int(action.get("value") or str(action["block_id"]).rpartition("-")[2]),
            user_id=str(payload["user"]["id"]),
            response_url=str(payload.get("response_url", "")),
            team_id=str((payload.get("team") or {}).get("id") or ""),
            choice=str(action.get("selected_date") or (action.get("selected_option") or {}).get("value", "")),
        )
    except (LookupError, TypeError, ValueError, AttributeError, OverflowError, RecursionError):
        raise PressRefused("The request did not come from a button of an incident.") from None
    if press.action not in (*ACTIONS, *CHOOSING, *ANSWERS, *LIMIT_BUTTONS):
        raise PressRefused("This button is not known.")
    return press


def act_on_press(request: AccessRequest, press: Press, now: datetime) -> str:
    """Do what the button says; return a sentence for the person who pressed it."""
    try:
        user = identify(press)
        if press.action in ANSWERS:
            return answer_as_member(press, user, now)
        actor = find_actor(user.email)
    except PressRefused as refusal:
        logger.warning("Slack button refused: %s", refusal)
        return str(refusal)
    if press.action in LIMIT_BUTTONS:
        return decide_on_limit(request, press, actor, now)
    incident = Incident.objects.filter(pk=press.number).first()
    if incident is None:
        return f"There is no incident #{press.number}."
    outcome = act_on_incident(press, incident, actor, user.zone, now)
    if outcome.won:
        action = "verdict" if press.action in VERDICTS else press.action
        path = reverse("incident-action", kwargs={"pk": incident.pk, "action": action})
        audit.record_deed(request, actor, path, "in Slack")
    return outcome.message


def decide_on_limit(request: AccessRequest, press: Press, actor: Actor, now: datetime) -> str:
    """Approve or deny a member's request for a higher limit: administrators alone."""
    if actor.user is None or role_of(actor.user, AccessSettings.get_solo()) is not Role.ADMIN:
        return "Only administrators can decide on limits."
    asked = LimitRequest.objects.filter(pk=press.number).select_related("member").first()
    if asked is None:
        return f"There is no request #{press.number}."
    if press.action == APPROVE:
        outcome = approve_request(asked, actor, Origin.SLACK, now)
    else:
        outcome = deny_request(asked, actor, now)
    if outcome.won:
        decision = press.action.removeprefix("limit_")
        path = reverse("limit-decision", kwargs={"pk": asked.pk, "decision": decision})
        audit.record_deed(request, actor, path, f"limit request {asked.pk}: {decision}, in Slack")
    return outcome.message


def act_on_incident(press: Press, incident: Incident, actor: Actor, zone: str, now: datetime) -> Outcome:
    """What the button says; snooze as long as the list says; planned until the day in the calendar."""
    if press.action in ACTIONS:
        return ACTIONS[press.action](incident, actor, Origin.SLACK, now)
    if press.action == "snooze":
        if press.choice not in SNOOZES:
            return Outcome(False, "This choice is not known.", incident)
        return lifecycle.snooze(incident, actor, Origin.SLACK, now, snooze_end(press.choice, now, zone))
    day = read_day(press.choice)
    if day is None:
        return Outcome(False, "Choose a day.", incident)
    return lifecycle.verdict(incident, actor, Origin.SLACK, now, Verdict.PLANNED, until=end_of_day(day))


def answer_as_member(press: Press, user: SlackUser, now: datetime) -> str:
    """Take the answer of the person whom the question is for, and of nobody else."""
    try:
        question = find_question(press.number)
    except QuestionExpired:
        return "This question is closed."
    person = question.incident.person_concerned
    if person is None or person.email != user.email:
        raise PressRefused("This question is for another person.")
    if now - question.at > VALID_FOR:
        return "This question is older than a week."
    return save_answer(question, ANSWERS[press.action], read_day(press.choice), Origin.SLACK, now).message


def read_day(text: str) -> date | None:
    try:
        return parse_date(text)
    except ValueError:
        return None


def identify(press: Press) -> SlackUser:
    """Slack's account of the person; refused unless it is live, of this workspace, and has an e-mail."""
    try:
        user = slack.find_user(press.user_id, press.team_id)
    except DeliveryError as problem:
        raise PressRefused(f"Slack could not identify you. {problem}") from None
    if not user.email:
        raise PressRefused(
            "Slack did not provide your e-mail address: the app needs the scope users:read.email."
        )
    if not user.is_own:
        raise PressRefused("Only members of this workspace with a confirmed address can use these buttons.")
    if User.objects.filter(email__iexact=user.email, is_active=False).exists():
        raise PressRefused("Your account has been disabled here. Ask an administrator.")
    return user


def find_actor(email: str) -> Actor:
    """The login, else the member on the team, with that e-mail; PressRefused if neither may act.

    The same admission as for the pages: who may not sign in presses nothing either.
    """
    if settings.AUTH_ENABLED and not is_admitted(email):
        raise PressRefused("Your address is not on the list of those who may sign in. Ask an administrator.")
    policy = AccessSettings.get_solo()
    user = User.objects.filter(email__iexact=email, is_active=True).first()
    if user:
        role, name = role_of(user, policy), user.email
    elif (member := Member.objects.on_team().by_address(email)) and not is_passed_on(email, member):
        role, name = Role.named(policy.default_role), member.name or member.email
    else:
        raise PressRefused("Your Slack e-mail address does not belong to a member or a login here.")
    if role < Role.RESPONDER:
        raise PressRefused("Your role cannot act on incidents. Ask an administrator.")
    return Actor(user, name)


def reply_to_press(press: Press, message: str) -> None:
    """Answer the person who pressed, only ever to Slack's address. A failed answer changes nothing."""
    if not is_slacks(press.response_url):
        return
    try:
        with deadline(slack.REPLY_SECONDS):
            client = WebhookClient(press.response_url, timeout=ANSWER_TIMEOUT_SECONDS)
            client.send(text=message, response_type="ephemeral", replace_original=False)
    except Exception as problem:  # whatever came: the press has been acted on
        logger.warning("Slack did not accept the reply: %s", type(problem).__name__)


def is_slacks(url: str) -> bool:
    try:
        host = urlsplit(url).netloc
    except ValueError:  # https://[
        return False
    return (
        url.startswith("https://hooks.slack.com/")
        or bool(host)
        and host == urlsplit(settings.SLACK_API_URL).netloc
    )
