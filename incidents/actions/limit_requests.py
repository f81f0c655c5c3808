"""A member asks for a higher limit; an administrator decides on a page or in Slack while it is open."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db import IntegrityError, transaction
from django.urls import reverse

from collector.base.days import utc_day
from collector.models import Member
from groups.assignments.membership import current
from incidents.actions.limits import LimitRefused, LimitWish, may_write, record_wish, until_words
from incidents.lifecycle.moves import Actor
from incidents.models import Channel, LimitChange, LimitRequest
from incidents.notifying.messages import Digest, DigestButton, site_url
from incidents.notifying.notices import record_notice, shared_channels
from incidents.notifying.routing import covers_group
from incidents.wording import clean, instant

OPEN_FOR = timedelta(days=7)
Status = LimitRequest.Status


@dataclass(frozen=True)
class RequestOutcome:
    """Whether the caller's decision counts, and a sentence for them."""

    won: bool
    message: str


def record_request(
    member: Member, dollars: int, reason: str, until_at: datetime | None, now: datetime
) -> LimitRequest | None:
    """Store the request and record the messages to those who decide; None while another one is open."""
    try:
        with transaction.atomic():
            request = LimitRequest.objects.create(
                member=member,
                dollars=dollars,
                reason=reason,
                until_at=until_at,
                asked_at=now,
                expires_at=min(now + OPEN_FOR, until_at or now + OPEN_FOR),
            )
            _record_notices(request, now)
    except IntegrityError:
        return None
    return request


def _record_notices(request: LimitRequest, now: datetime) -> None:
    day = utc_day(now)
    group = current(day).get(request.member_id)
    channels = Channel.objects.enabled().filter(sends_alerts=True).prefetch_related("groups__merged_into")
    for channel in shared_channels(channels):
        if covers_group(channel, group.name if group else None, day):
            record_notice(channel, f"limit_request:{request.pk}", request_message(request), now)


def request_message(request: LimitRequest) -> Digest:
    return Digest(
        title=f"{clean(str(request.member))} asks for a limit of ${request.dollars:,}",
        lines=(
            f"Reason: {clean(request.reason)}",
            f"A limit of ${request.dollars:,} per billing cycle{until_words(request.until_at)}. "
            f"An administrator has until {instant(request.expires_at)} to decide.",
        ),
        tables=(),
        url=site_url(reverse("limits")),
        buttons=(
            DigestButton("limit_approve", "Approve", str(request.pk)),
            DigestButton("limit_deny", "Deny", str(request.pk)),
        ),
    )


def approve_request(request: LimitRequest, actor: Actor, origin: str, now: datetime) -> RequestOutcome:
    """Approve and record the change, in one transaction; the minute task or the caller carries it out."""
    try:
        with transaction.atomic():
            if not _decide(request, Status.APPROVED, actor, now):
                return RequestOutcome(False, decided_sentence(request))
            if not may_write():
                return RequestOutcome(
                    True, "Approved. Now set the limit in Cursor, because this site cannot."
                )
            wish = LimitWish(
                member=request.member,
                to_dollars=request.dollars,
                reason=f"Requested: {request.reason}",
                key=f"request:{request.pk}",
                until_at=request.until_at,
                kind=LimitChange.Reason.REQUEST,
            )
            change = record_wish(wish, actor, origin, now)
            LimitRequest.objects.filter(pk=request.pk).update(change=change)
    except LimitRefused as refusal:
        request.refresh_from_db()
        return RequestOutcome(False, str(refusal))
    request.refresh_from_db()
    return RequestOutcome(True, f"Approved. Cursor will be asked for ${request.dollars:,} within a minute.")


def deny_request(request: LimitRequest, actor: Actor, now: datetime) -> RequestOutcome:
    if _decide(request, Status.DENIED, actor, now):
        return RequestOutcome(True, "Denied.")
    return RequestOutcome(False, decided_sentence(request))


def _decide(request: LimitRequest, status: str, actor: Actor, now: datetime) -> bool:
    """Compare and set: the first decision counts, and only while the request is open."""
    open_one = LimitRequest.objects.filter(pk=request.pk, status=Status.PENDING, expires_at__gt=now)
    won = open_one.update(status=status, decided_at=now, decided_by=actor.name)
    request.refresh_from_db()
    return won == 1


def decided_sentence(request: LimitRequest) -> str:
    """What became of the request, for whoever comes too late."""
    if request.status in (Status.APPROVED, Status.DENIED):
        label = str(request.get_status_display())
        return f"Already {label} by {request.decided_by}, {instant(request.decided_at)}."
    return f"The request expired on {instant(request.expires_at)}."
