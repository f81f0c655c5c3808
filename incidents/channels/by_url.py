"""Apprise: a service by its URL, such as Teams, Discord, Google Chat, ntfy or Matrix."""

import re

from apprise import Apprise, AppriseAsset, NotifyFormat, NotifyType

from collector.base.deadline import deadline, result_within
from detection.vocabulary import Severity
from incidents.models import Channel
from incidents.notifying.messages import Alert, Digest, IncidentMessage

from .base import DeliveryError, Parcel
from .http import too_slow
from .targets import HIDDEN, split_target

TOTAL_SECONDS = 30
GRACE_SECONDS = 1  # for a call to notice that it has been ended
LONGEST_BODY = 30_000
# What Discord, Mattermost, Zulip or Google Chat take for a mention of everybody or a link under another name;
# Apprise hands text on to them as it stands. An address keeps its @.
MARKUP = re.compile(r"(?<![\w.+-])@|@(?=(?:all|channel|everyone|here)\b)|<|\](?=\()", re.IGNORECASE)
WORD_JOINER = "\u2060"  # invisible
TYPES = {Severity.CRITICAL: NotifyType.FAILURE, Severity.WARNING: NotifyType.WARNING}


def send(channel: Channel, parcel: Parcel) -> str:
    """Notify every URL; DeliveryError names the services that failed, after which all are notified again."""
    urls = split_target(channel.kind, channel.target)
    if not urls:
        raise DeliveryError("No URL: enter one for each service.")
    title, body = without_markup(parcel.content.subject), without_markup(body_of(parcel.content))
    kind = notify_type(parcel.content)
    asset = AppriseAsset(
        app_id="Cursor Cost Monitor",
        app_desc="",
        app_url="",
        async_mode=False,
        http_redirects=False,
        service_timeout=0,  # its own waits in a few threads of the process, which hanging calls use up
    )

    def work() -> list[str]:
        with deadline(TOTAL_SECONDS):
            return [name for url in urls if (name := failed_service(url, asset, title, body, kind))]

    try:
        # Apprise sleeps as long as a service asks it to slow down. A call that hangs ends with its socket.
        failed = result_within(TOTAL_SECONDS + GRACE_SECONDS, work, "apprise")
    except TimeoutError:
        raise too_slow("Apprise", TOTAL_SECONDS) from None
    if failed:
        some = f" ({len(urls) - len(failed)} of {len(urls)} got through)" if len(urls) > 1 else ""
        raise DeliveryError(
            f"{', '.join(failed)} did not accept the message{some}: "
            "check the URL, the keys in it and the network."
        )
    return parcel.key


def without_markup(text: str) -> str:
    return MARKUP.sub(lambda match: match[0] + WORD_JOINER, text)


def failed_service(url: str, asset: AppriseAsset, title: str, body: str, kind: NotifyType) -> str:
    """Notify one URL; empty when it got through, else the service's name."""
    service = Apprise.instantiate(url, asset=asset, suppress_exceptions=True)
    if service is None:
        return f"{url.partition('://')[0]}://{HIDDEN}"
    if Apprise(service, asset=asset).notify(
        body=body, title=title, notify_type=kind, body_format=NotifyFormat.TEXT
    ):
        return ""
    return str(service.service_name)


def notify_type(content: Alert | Digest) -> NotifyType:
    if not isinstance(content, Alert):
        return NotifyType.INFO
    if all(incident.is_resolved for incident in content.incidents):
        return NotifyType.SUCCESS
    severities = {incident.severity for incident in content.incidents if not incident.is_resolved}
    return next((kind for severity, kind in TYPES.items() if severity in severities), NotifyType.INFO)


def body_of(content: Alert | Digest) -> str:
    """Plain text: the step, each incident with its cause and address; a digest's lines and tables."""
    if isinstance(content, Alert):
        blocks = [incident_text(incident, is_alone=not content.is_summary) for incident in content.incidents]
        return "\n\n".join([*([content.step] if content.step else []), *blocks])[:LONGEST_BODY]
    tables = [
        "\n".join([table.heading, *(" · ".join(row) for row in table.rows)]) for table in content.tables
    ]
    return "\n\n".join(["\n".join(content.lines), *tables, content.url])[:LONGEST_BODY]


def incident_text(incident: IncidentMessage, *, is_alone: bool) -> str:
    if not is_alone:
        return f"{incident.message}\n{incident.url}"
    cause = [incident.cause.sentence] if incident.cause else []
    facts = [f"{fact.label}: {fact.value}" for fact in incident.facts]
    return "\n".join([incident.message, *cause, *facts, incident.standing, incident.url])
