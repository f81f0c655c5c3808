"""An entry of the audit log as a sentence: “Ada changed the spend floor from $50 to $80”."""

from django.urls import Resolver404, ResolverMatch, resolve
from django.utils.text import capfirst

from tracker.access import deeds
from tracker.models import AuditEntry

Action = AuditEntry.Action
REFUSALS = {
    "local login": "the name or the password was wrong",
    "wrong code": "the one-time code was wrong",
    "no longer admitted": "the address is no longer on the list of those who may sign in",
    "failed": "the provider's answer did not match the sign-in",
    "cancelled": "the sign-in was cancelled",
    "unverified": "the provider has not verified the address",
    "not-admitted": "the address is not on the list of those who may sign in",
    "unreachable": "the provider did not answer",
    "inactive": "the account is disabled",
}
# What a form of the site's own pages does, by the name of its address.
PAGE_DEEDS = {
    "incident-action": "{act} incident #{pk}",
    "incidents-bulk": "acknowledged or resolved several incidents",
    "incident-stop-agent": "asked to stop the run behind incident #{pk}",
    "limit-decision": "decided on a request for a limit",
    "follow-saving-up": "followed up a suggestion to save",
}
# What a call of the API does, by its method and route.
API_DEEDS = {
    "POST api/cron": "ran the pipeline",
    "POST api/groups/import": "imported groups",
    "PATCH api/groups": "changed groups",
    "PUT api/settings": "changed the detection settings",
}
ACTS = {
    "acknowledge": "acknowledged",
    "resolve": "resolved",
    "reopen": "reopened",
    "snooze": "snoozed",
    "note": "noted something on",
    "verdict": "gave a verdict on",
    "onset": "corrected the onset of",
}
DEEDS = {"add": "added to", "delete": "deleted from", "change": "changed", "changelist": "changed"}


def sentence(entry: AuditEntry) -> str:
    """What happened, readable for entries of every age; never a query if the actor is loaded."""
    who = actor_words(entry)
    if entry.action == Action.SIGN_IN:
        return f"{who} signed in"
    if entry.action == Action.SIGN_OUT:
        return f"{who} signed out"
    if entry.action == Action.REFUSED:
        return refusal_sentence(entry, who)
    if entry.action == Action.EXPORT:
        return f"{who} exported {page_words(entry.target)}"
    if on_page := page_deed(entry.target):
        return f"{who} {on_page}" + (f": {entry.detail}" if entry.detail else "")
    if deeds.is_words(entry.detail):
        return f"{who} {entry.detail}"
    match = match_of(entry.target)
    if match and match.view_name == "api:read_incident" and entry.detail in ACTS:
        return f"{who} {ACTS[entry.detail]} incident #{match.kwargs['pk']}"
    words = api_deed(entry.target) or deed_words(entry.target)
    return f"{who} {words}" + (f": {entry.detail}" if entry.detail else "")


def actor_words(entry: AuditEntry) -> str:
    if entry.actor and entry.actor.get_full_name():
        return entry.actor.get_full_name()
    if entry.actor_name in ("", "visitor"):
        return "Somebody"
    is_address = "@" in entry.actor_name
    return entry.actor_name if is_address else str(capfirst(entry.actor_name))


def refusal_sentence(entry: AuditEntry, who: str) -> str:
    place = f" at {entry.address}" if entry.address else ""
    reason = REFUSALS.get(entry.detail, entry.detail)
    return f"{who}{place} was refused" + (f": {reason}" if reason else "")


def page_deed(target: str) -> str:
    """What was done by a form of the site's own pages: “resolved incident #3”; empty for any other."""
    match = match_of(target)
    if match is None:
        return ""
    act = ACTS.get(match.kwargs.get("action", ""), "changed")
    return PAGE_DEEDS.get(match.url_name or "", "").format(**match.kwargs, act=act)


def api_deed(target: str) -> str:
    """What was done by a call of the API: “imported groups”; empty for any other."""
    match = match_of(target)
    return API_DEEDS.get(f"{target.partition(' ')[0]} {match.route}", "") if match else ""


def deed_words(target: str) -> str:
    """What a request did, as far as its method and path say: “changed Detection”, “deleted /api/groups/3”."""
    _, act = model_and_act(target)
    verb = DEEDS.get(act) or ("deleted" if target.startswith("DELETE ") else "changed")
    return f"{verb} {page_words(target)}"


def page_words(target: str) -> str:
    """What the admin's front page calls the page, or what the site's page is called and about, else its path:
    “billing groups”, “member ana@example.com”."""
    match, (label, _) = match_of(target), model_and_act(target)
    if match and match.url_name and not match.app_names:
        label = " ".join([match.url_name.replace("-", " "), *map(str, match.kwargs.values())])
    return label or target.partition(" ")[2] or "something"


def match_of(target: str) -> ResolverMatch | None:
    """The route of a request such as `GET /teams`; None if there is none."""
    try:
        return resolve(target.partition(" ")[2])
    except Resolver404:
        return None


def model_and_act(target: str) -> tuple[str, str]:
    """The table of an admin's page in words, and what the page does; both empty for any other."""
    match = match_of(target)
    if match is None or match.app_names[:1] != ["admin"] or not match.url_name:
        return "", ""
    model, act = deeds.model_of(match.url_name)
    return (str(model._meta.verbose_name_plural), act) if model and act in DEEDS else ("", "")
