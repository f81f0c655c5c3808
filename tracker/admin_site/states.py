"""How things stand at each entry of the board, in a few words."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.conf import settings
from django.contrib.auth.models import User
from django.db.models import Model
from solo.models import SingletonModel

from collector.base.days import utc_day
from collector.collecting import freshness
from collector.collecting.freshness import SourceFreshness
from collector.models import BillingCycle, Doubt, Member, MemberMerge, RejectedRow, SourceRun
from detection.models import Exemption
from groups.assignments.membership import held_group_on
from groups.models import CycleBudget, Group, GroupImport
from incidents.models import Channel, Incident
from incidents.notifying.backlog import given_up_before, waiting_at
from tracker.access.codes import CODES
from tracker.access.roles import Role, role_of
from tracker.admin_site.checklist import counted
from tracker.models import AccessSettings, ApiToken, AuditEntry, SetUp
from tracker.widgets.formats import age, full_day, plural

COUNTED: tuple[type[Model], ...] = (CycleBudget, Doubt, RejectedRow, MemberMerge)


@dataclass(frozen=True)
class EntryState:
    """A few words, and their tone: plain, good, warning or critical."""

    text: str
    tone: str = "plain"


@dataclass(frozen=True)
class BoardFacts:
    """What the states look at, as of `now`; `counts` are numbers of rows, by a name or that of the table."""

    now: datetime
    policy: AccessSettings
    sources: Sequence[SourceFreshness]
    counts: Mapping[str, int]


def read_facts(now: datetime, policy: AccessSettings) -> BoardFacts:
    """Two queries, and two more before the set-up was looked at for the first time."""
    unassigned = Member.objects.alias(held=held_group_on(utc_day(now))).filter(held=None)
    counts = SetUp.objects.order_by().values(
        channels=counted(Channel.objects.enabled()),
        failing=counted(Channel.objects.troubled()),
        exemptions=counted(Exemption.objects.in_force(now)),
        waiting=counted(waiting_at(now)),
        given_up=counted(given_up_before(now)),
        incidents=counted(Incident.objects.unresolved()),
        groups=counted(Group.objects.open()),
        unassigned=counted(unassigned),
        tokens=counted(ApiToken.objects.valid(now)),
        seats=counted(Member.objects.people().on_team()),
        **{str(model._meta.model_name): counted(model._default_manager.all()) for model in COUNTED},
    )
    rows: list[Any] = list(counts)
    if not rows:
        SetUp.get_solo()  # makes the row
        rows = list(counts.all())
    return BoardFacts(now, policy, freshness.sources(now, with_newest=False), rows[0])


def row_count(facts: BoardFacts, model: type[Model]) -> EntryState:
    number = facts.counts[str(model._meta.model_name)]
    return EntryState(plural(number, str(model._meta.verbose_name), str(model._meta.verbose_name_plural)))


def changed_fields(row: Model) -> int:
    """How many of a settings row's fields differ from their default."""
    fields = [field for field in row._meta.concrete_fields if field.has_default() and not field.primary_key]
    return sum(getattr(row, field.name) != field.get_default() for field in fields)


def of_settings(model: type[SingletonModel]) -> Callable[[BoardFacts], EntryState]:
    """How a table of settings stands: how many are changed."""

    def read_state(facts: BoardFacts) -> EntryState:
        changed = changed_fields(model.get_solo())
        return EntryState(f"{plural(changed, 'setting')} changed" if changed else "all defaults")

    return read_state


def number_of(counted_as: str, words: str) -> Callable[[BoardFacts], EntryState]:
    """How many there are of what `counts` has under this name: “3 in force”."""
    return lambda facts: EntryState(f"{facts.counts[counted_as]} {words}")


def channels(facts: BoardFacts) -> EntryState:
    enabled, failing = facts.counts["channels"], facts.counts["failing"]
    if not enabled:
        return EntryState("none: nobody is notified", "critical")
    if failing:
        return EntryState(f"{plural(enabled, 'channel')}, {failing} failing", "warning")
    return EntryState(plural(enabled, "channel"), "good")


def notifications(facts: BoardFacts) -> EntryState:
    waiting, given_up = facts.counts["waiting"], facts.counts["given_up"]
    if given_up:
        return EntryState(f"{given_up} given up this week", "warning")
    return EntryState(f"{waiting} waiting" if waiting else "none waiting")


def groups(facts: BoardFacts) -> EntryState:
    number = facts.counts["groups"]
    return EntryState(plural(number, "group")) if number else EntryState("none yet", "warning")


def places(facts: BoardFacts) -> EntryState:
    unassigned = facts.counts["unassigned"]
    return EntryState(f"{plural(unassigned, 'member')} unassigned" if unassigned else "everybody assigned")


def imports(facts: BoardFacts) -> EntryState:
    last = GroupImport.objects.order_by("-uploaded_at").first()
    if last is None:
        return EntryState("none yet")
    return EntryState(f"last {age(facts.now - last.uploaded_at)}, {last.get_status_display()}")


def people(facts: BoardFacts) -> EntryState:
    active = list(User.objects.filter(is_active=True).prefetch_related("groups", CODES)[:500])
    admins = sum(role_of(user, facts.policy) is Role.ADMIN for user in active)
    return EntryState(f"{plural(len(active), 'person', 'people')}, {plural(admins, 'administrator')}")


def access(facts: BoardFacts) -> EntryState:
    if settings.AUTH_ENABLED:
        return EntryState("sign-in is on", "good")
    return EntryState("open: no sign-in", "warning")


def audit_log(facts: BoardFacts) -> EntryState:
    last = AuditEntry.objects.order_by("-at").first()
    return EntryState(f"last entry {age(facts.now - last.at)}" if last else "empty")


def sources(facts: BoardFacts) -> EntryState:
    """Which sources failed or are stale; without a key there is nothing to collect."""
    failing = sum(source.status == SourceRun.RunStatus.FAILED for source in facts.sources)
    stale = sum(source.is_stale for source in facts.sources)
    total = plural(len(facts.sources), "source")
    if failing:
        return EntryState(f"{total}, {failing} failing", "critical")
    if stale:
        return EntryState(f"{total}, {stale} stale", "warning")
    return EntryState(f"{total}, all fresh", "good")


def cycles(facts: BoardFacts) -> EntryState:
    cycle = BillingCycle.objects.at(facts.now)
    if cycle is None:
        return EntryState("current cycle unknown", "warning")
    last_day = utc_day(cycle.end_at - timedelta(microseconds=1))
    return EntryState(f"{full_day(utc_day(cycle.start_at))} to {full_day(last_day)}")
