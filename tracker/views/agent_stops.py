"""`/incidents/<pk>/stop-agent`: the run behind an incident, stopped in Cursor from here."""

from django.conf import settings
from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect
from django.utils import timezone
from django.views.decorators.http import require_POST

from collector.cursor.agents import CANCELLED, agents_client, cancel_agent
from collector.cursor.errors import CursorApiError
from incidents import lifecycle
from incidents.actions.causes import AGENT, incident_cause
from incidents.lifecycle import Actor
from incidents.models import Incident, Origin
from tracker.access.guard import responder
from tracker.access.request import AccessRequest
from tracker.lookup import find_incident


@responder
@require_POST
def stop_agent_run(request: AccessRequest, pk: int) -> HttpResponse:
    """Cancel the run of the cloud agent that holds most of the spend; noted before and after."""
    incident = find_incident(request, pk)
    agent_id = named_agent(incident)
    if not settings.CURSOR_AGENTS_API_KEY:
        messages.warning(request, "To stop cloud agents from here, set CURSOR_AGENTS_API_KEY.")
    elif not agent_id:
        messages.warning(request, "No cloud agent accounts for most of this incident's spend.")
    else:
        is_stopped, text = stop_and_note(incident, request.access.actor, agent_id)
        (messages.success if is_stopped else messages.error)(request, text)
    return redirect(incident.get_absolute_url())


def named_agent(incident: Incident) -> str:
    cause = incident_cause(incident, incident.anomalies())
    agent = cause.named(AGENT) if cause else None
    return agent.name if agent else ""


def stop_and_note(incident: Incident, actor: Actor, agent_id: str) -> tuple[bool, str]:
    """Whether the run is cancelled, and what happened in a sentence, which stands on the timeline, too."""
    lifecycle.note(incident, actor, Origin.PAGE, timezone.now(), f"asks Cursor to stop {agent_id}")
    try:
        status = cancel_agent(agents_client(), agent_id)
    except CursorApiError as problem:
        text = f"Cursor did not stop {agent_id}: {problem}"
        status = ""
    else:
        text = f"The run of {agent_id} is {status.lower()} in Cursor."
    lifecycle.note(incident, actor, Origin.PAGE, timezone.now(), text)
    return status == CANCELLED, text
