"""Approve and Deny below a member's request for a higher limit in Slack: administrators alone."""

from datetime import datetime

from incidents.actions.limit_requests import approve_request, deny_request
from incidents.lifecycle import Actor
from incidents.models import LimitRequest, Origin
from tracker.access.roles import Role, role_of
from tracker.models import AccessSettings

APPROVE, DENY = LIMIT_BUTTONS = ("limit_approve", "limit_deny")


def decide_from_slack(action: str, number: int, actor: Actor, now: datetime) -> str:
    """Approve or deny request `number`; a sentence for whoever pressed the button."""
    if actor.user is None or role_of(actor.user, AccessSettings.get_solo()) is not Role.ADMIN:
        return "Only administrators can decide on limits."
    asked = LimitRequest.objects.filter(pk=number).select_related("member").first()
    if asked is None:
        return f"There is no request #{number}."
    if action == APPROVE:
        return approve_request(asked, actor, Origin.SLACK, now).message
    return deny_request(asked, actor, now).message
