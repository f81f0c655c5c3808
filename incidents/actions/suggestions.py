"""What can be done about an incident, by its cause, each with one line on its effect.

A module that knows another remedy adds a function to `CONTRIBUTORS`.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from urllib.parse import quote

from django.conf import settings
from django.urls import reverse

from detection.findings.wording import dollars, model_label, without_onset
from incidents.models import Incident
from incidents.wording import said_to_member

from .causes import AGENT, AUTOMATION, IncidentCause, short_id
from .cursor_links import DASHBOARD
from .limits import last_known_limit


@dataclass(frozen=True)
class Remedy:
    """One thing to do.

    `url` leads to where it is done, `copy_text` is a message to send, and `post_url` an action of this site
    that a form sends.
    """

    title: str
    effect: str
    url: str = ""
    url_label: str = ""
    copy_text: str = ""
    post_url: str = ""
    post_label: str = ""
    is_external: bool = False


@dataclass(frozen=True)
class RemedyContext:
    """What the remedies are chosen by. `is_admin` and `may_respond` are the reader's."""

    incident: Incident
    cause: IncidentCause | None
    now: datetime
    may_respond: bool = False
    is_admin: bool = False


Contributor = Callable[[RemedyContext], Iterator[Remedy]]


def stop_agent(context: RemedyContext) -> Iterator[Remedy]:
    """A link to the cloud agent or the automation that holds most of the spend, while the incident lasts."""
    cause = None if context.incident.is_resolved else context.cause
    may_stop = settings.CURSOR_AGENTS_API_KEY and context.may_respond
    if cause and (agent := cause.named(AGENT)):
        yield Remedy(
            f"Stop the cloud agent {short_id(agent.name)}",
            "Ends its run. Its pushed changes stay, and you can continue it with a new message.",
            agent.url,
            "Open the agent in Cursor",
            post_url=reverse("incident-stop-agent", args=[context.incident.pk]) if may_stop else "",
            post_label="Stop its run now",
            is_external=True,
        )
    if cause and (automation := cause.named(AUTOMATION)):
        yield Remedy(
            f"Pause the automation {short_id(automation.name)}",
            "No new run starts until somebody switches it on again. A run in progress continues.",
            automation.url,
            "Open the automation in Cursor",
            is_external=True,
        )


def ask_member(context: RemedyContext) -> Iterator[Remedy]:
    """A message to copy, for the person concerned."""
    incident = context.incident
    person = incident.person_concerned
    if person is None:
        return
    cause = f" {context.cause.sentence}" if context.cause else ""
    text = said_to_member(str(person), without_onset(incident.message))
    first_name = person.name.partition(" ")[0] or person.email
    yield Remedy(
        f"Ask {person}",
        "They know what is running and can stop it quickly. Nothing changes until they do.",
        f"mailto:{quote(person.email, safe='@+')}",
        "Write an e-mail",
        copy_text=f"Hi {first_name}, {text}.{cause} Is this expected? "
        "If not, could you stop it and let me know?",
    )


def restrict_model(context: RemedyContext) -> Iterator[Remedy]:
    """The page in Cursor where an administrator blocks or releases the model."""
    incident = context.incident
    if not incident.model or incident.member is None:
        return
    cost = f" ({dollars(float(incident.extra_cents))} extra so far)" if incident.extra_cents else ""
    yield Remedy(
        f"Block or release {model_label(incident.model)}",
        f"Applies to everybody on the team{cost}; requests already running finish.",
        DASHBOARD,
        "Open Cursor's dashboard",
        is_external=True,
    )


def mark_as_planned(context: RemedyContext) -> Iterator[Remedy]:
    if not context.may_respond or context.incident.is_resolved:
        return
    yield Remedy(
        "Mark as planned",
        "Resolves the incident and raises no alert about this spend until the day you choose.",
        "#verdict",
        "Choose the day",
    )


def set_limit(context: RemedyContext) -> Iterator[Remedy]:
    """The page where an administrator sets, raises or lifts the member's limit."""
    incident = context.incident
    member = incident.member
    if member is None or not incident.is_about_a_person:
        return
    limit = last_known_limit(member, context.now)
    now = "" if limit is None else f"It is {dollars(float(limit) * 100)} per billing cycle now. "
    if not context.is_admin:
        yield Remedy(
            f"Ask to change the spend limit of {member}" if now else f"Ask for a spend limit for {member}",
            f"{now}Cursor refuses requests beyond it. An administrator sets it here or in Cursor.",
            DASHBOARD,
            "Open Cursor's dashboard",
            is_external=True,
        )
        return
    yield Remedy(
        f"Change the spend limit of {member}" if now else f"Set a spend limit for {member}",
        f"{now}Cursor refuses requests beyond it until you raise or remove it, or it expires.",
        reverse("member-limit", args=[member.email], query={"incident": incident.pk}),
        "Set, raise or lift the limit",
    )


CONTRIBUTORS: list[Contributor] = [stop_agent, ask_member, set_limit, restrict_model, mark_as_planned]


def suggestions_for(context: RemedyContext) -> Sequence[Remedy]:
    """The remedies for this incident, the most direct first."""
    return [suggestion for contributor in CONTRIBUTORS for suggestion in contributor(context)]
