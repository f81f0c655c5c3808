"""The admin's front page: what there is to do, in the order in which an installation needs it."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any

from django.apps import apps

from detection.models import DetectionSettings
from groups.models import BudgetSettings
from incidents.models import IncidentSettings
from tracker.admin_site import states
from tracker.admin_site.states import BoardFacts, EntryState


@dataclass(frozen=True)
class BoardEntry:
    """One line of the board: a table's page, what it is for, and how things stand there."""

    model: str  # app_label.ModelName, listed only if it is registered
    label: str
    purpose: str
    read_state: Callable[[BoardFacts], EntryState] | None = None
    url: str = ""
    state: EntryState | None = None


@dataclass(frozen=True)
class Section:
    key: str
    title: str
    entries: tuple[BoardEntry, ...]


ALERTS = (
    BoardEntry(
        "detection.DetectionSettings",
        "Detection",
        "Change a threshold, and test it on the past 30 days.",
        states.of_settings(DetectionSettings),
    ),
    BoardEntry("incidents.Channel", "Channels", "Choose who is notified, and send a test.", states.channels),
    BoardEntry(
        "incidents.IncidentSettings",
        "Incident policy",
        "When incidents close and reopen, and when digests are sent.",
        states.of_settings(IncidentSettings),
    ),
    BoardEntry(
        "detection.Exemption",
        "Exemptions",
        "What detection ignores because of verdicts, and until when.",
        states.number_of("exemptions", "in force"),
    ),
    BoardEntry(
        "incidents.Notification",
        "Messages sent",
        "Which message went to which channel, and why one failed.",
        states.notifications,
    ),
    BoardEntry(
        "incidents.Incident",
        "Incidents",
        "Every incident with its timeline.",
        states.number_of("incidents", "unresolved"),
    ),
)
GROUPS = (
    BoardEntry("groups.Group", "Groups", "Create, rename, merge and export billing groups.", states.groups),
    BoardEntry(
        "groups.MemberPlace",
        "Members by group",
        "Find a member and move them to another group.",
        states.places,
    ),
    BoardEntry(
        "groups.GroupImport",
        "Imports",
        "Import groups from HiBob or a CSV, and undo an import.",
        states.imports,
    ),
    BoardEntry(
        "groups.CycleBudget",
        "Budgets",
        "Set the budgets of groups and members per cycle; the team's is under Detection.",
    ),
    BoardEntry(
        "groups.BudgetSettings",
        "Budget policy",
        "Each member's budget, and the steps that are reported.",
        states.of_settings(BudgetSettings),
    ),
)
PEOPLE = (
    BoardEntry("auth.User", "People", "Who may sign in, and with which role.", states.people),
    BoardEntry(
        "tracker.AccessSettings",
        "Access",
        "Default role, lists of responders and admins, privacy.",
        states.access,
    ),
    BoardEntry(
        "tracker.ApiToken",
        "API tokens",
        "Let a script read or change data.",
        states.number_of("tokens", "valid"),
    ),
    BoardEntry("tracker.AuditEntry", "Audit log", "Who did what, and when.", states.audit_log),
)
DATA = (
    BoardEntry(
        "collector.SourceRun",
        "Sources and their runs",
        "Collect now, and see why a source failed.",
        states.sources,
    ),
    BoardEntry("collector.Doubt", "Doubts", "Answers from Cursor that do not add up."),
    BoardEntry("collector.RejectedRow", "Rejected rows", "Rows that could not be read, kept as received."),
    BoardEntry(
        "collector.Member",
        "Members",
        "Seats and service accounts in Cursor.",
        states.number_of("seats", "with a seat"),
    ),
    BoardEntry("collector.MemberMerge", "Merged members", "Members that were merged, with undo."),
    BoardEntry("collector.BillingCycle", "Billing cycles", "Cursor's cycles and their dates.", states.cycles),
)
SECTIONS = (
    Section("alerts", "Alerts", ALERTS),
    Section("groups", "Groups and budgets", GROUPS),
    Section("people", "People and access", PEOPLE),
    Section("data", "Data", DATA),
)


ListedApps = Iterable[dict[str, Any]]  # as Django's `get_app_list` lists them, with their tables


@dataclass(frozen=True)
class Board:
    sections: tuple[Section, ...]
    hood: tuple[Section, ...]  # everything else, by app


def build_board(app_list: ListedApps, facts: BoardFacts) -> Board:
    """The board of those tables in `app_list` (Django's, limited to what the person may see)."""
    tables = {app["app_label"]: (str(app["name"]), list(pages_of(app))) for app in app_list}
    urls = {page.model: page.url for _, pages in tables.values() for page in pages}
    tasks = [
        replace(
            section,
            entries=tuple(
                replace(entry, url=urls[entry.model], state=state_of(entry, facts))
                for entry in section.entries
                if entry.model in urls
            ),
        )
        for section in SECTIONS
    ]
    hood = [
        Section(label, name, tuple(page for page in pages if not section_of(page.model)))
        for label, (name, pages) in tables.items()
    ]
    return Board(*(tuple(section for section in part if section.entries) for part in (tasks, hood)))


def pages_of(app: Mapping[str, Any]) -> Iterator[BoardEntry]:
    """The tables of an app as Django lists them, of those that the person may look at."""
    for model in app["models"]:
        if url := model["admin_url"]:
            yield BoardEntry(f"{app['app_label']}.{model['object_name']}", str(model["name"]), "", url=url)


def state_of(entry: BoardEntry, facts: BoardFacts) -> EntryState:
    """How things stand there; for a table without a state of its own, the number of its rows."""
    if entry.read_state:
        return entry.read_state(facts)
    return states.row_count(facts, apps.get_model(entry.model))


def section_of(model: str) -> Section | None:
    """The section in which a table stands; None for one under the hood."""
    return next((s for s in SECTIONS if any(entry.model == model for entry in s.entries)), None)


def label_of(model: str) -> str:
    """What the board calls a table; empty for one under the hood."""
    labels = (entry.label for section in SECTIONS for entry in section.entries if entry.model == model)
    return next(labels, "")
