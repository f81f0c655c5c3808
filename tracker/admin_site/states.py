"""How things stand at each entry of the board, in a few words."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.conf import settings
from django.contrib.auth.models import User
from django.db.models import Model
from solo.models import SingletonModel

from collector.base.days import utc_day
from collector.collecting import freshness
from collector.models import BillingCycle, Member, SourceRun
from detection.models import Exemption
from groups.assignments.membership import UNASSIGNED, members_of
from groups.models import Group, GroupImport
from incidents.models import Channel, Incident
from incidents.notifying.backlog import backlog
from tracker.access.codes import CODES
from tracker.access.roles import Role, role_of
from tracker.models import AccessSettings, ApiToken, AuditEntry
from tracker.widgets.formats import age, full_day, plural


@dataclass(frozen=True)
class EntryState:
    """A few words, and their tone: plain, good, warning or critical."""

    text: str
    tone: str = "plain"


def row_count(model: type[Model]) -> EntryState:
    number = model._default_manager.count()
    return EntryState(plural(number, str(model._meta.verbose_name), str(model._meta.verbose_name_plural)))


def changed_fields(row: Model) -> int:
    """How many of a settings row's fields differ from their default."""
    fields = [field for field in row._meta.concrete_fields if field.has_default() and not field.primary_key]
    return sum(getattr(row, field.name) != field.get_default() for field in fields)


def of_settings(model: type[SingletonModel]) -> Callable[[datetime], EntryState]:
    """How a table of settings stands: how many are changed."""

    def read_state(now: datetime) -> EntryState:
        changed = changed_fields(model.get_solo())
        return EntryState(f"{plural(changed, 'setting')} changed" if changed else "all defaults")

    return read_state


def channels(now: datetime) -> EntryState:
    enabled, failing = Channel.objects.enabled().count(), Channel.objects.troubled().count()
    if not enabled:
        return EntryState("none: nobody is notified", "critical")
    if failing:
        return EntryState(f"{plural(enabled, 'channel')}, {failing} failing", "warning")
    return EntryState(plural(enabled, "channel"), "good")


def exemptions(now: datetime) -> EntryState:
    return EntryState(f"{Exemption.objects.in_force(now).count()} in force")


def notifications(now: datetime) -> EntryState:
    outstanding = backlog(now)
    if outstanding.given_up:
        return EntryState(f"{outstanding.given_up} given up this week", "warning")
    return EntryState(f"{outstanding.waiting} waiting" if outstanding.waiting else "none waiting")


def incidents(now: datetime) -> EntryState:
    return EntryState(f"{Incident.objects.unresolved().count()} unresolved")


def groups(now: datetime) -> EntryState:
    number = Group.objects.open().count()
    return EntryState(plural(number, "group")) if number else EntryState("none yet", "warning")


def places(now: datetime) -> EntryState:
    unassigned = len(members_of({UNASSIGNED}, utc_day(now)))
    return EntryState(f"{plural(unassigned, 'member')} unassigned" if unassigned else "everybody assigned")


def imports(now: datetime) -> EntryState:
    last = GroupImport.objects.order_by("-uploaded_at").first()
    if last is None:
        return EntryState("none yet")
    return EntryState(f"last {age(now - last.uploaded_at)}, {last.get_status_display()}")


def people(now: datetime) -> EntryState:
    policy = AccessSettings.get_solo()
    active = list(User.objects.filter(is_active=True).prefetch_related("groups", CODES)[:500])
    admins = sum(role_of(user, policy) is Role.ADMIN for user in active)
    return EntryState(f"{plural(len(active), 'person', 'people')}, {plural(admins, 'administrator')}")


def access(now: datetime) -> EntryState:
    if settings.AUTH_ENABLED:
        return EntryState("sign-in is on", "good")
    return EntryState("open: no sign-in", "warning")


def tokens(now: datetime) -> EntryState:
    return EntryState(f"{ApiToken.objects.valid(now).count()} valid")


def audit_log(now: datetime) -> EntryState:
    last = AuditEntry.objects.order_by("-at").first()
    return EntryState(f"last entry {age(now - last.at)}" if last else "empty")


def sources(now: datetime) -> EntryState:
    """Which sources failed or are stale; without a key there is nothing to collect."""
    all_sources = freshness.sources(now, with_newest=False)
    failing = sum(source.status == SourceRun.RunStatus.FAILED for source in all_sources)
    stale = sum(source.is_stale for source in all_sources)
    total = plural(len(all_sources), "source")
    if failing:
        return EntryState(f"{total}, {failing} failing", "critical")
    if stale:
        return EntryState(f"{total}, {stale} stale", "warning")
    return EntryState(f"{total}, all fresh", "good")


def members(now: datetime) -> EntryState:
    return EntryState(f"{Member.objects.people().on_team().count()} with a seat")


def cycles(now: datetime) -> EntryState:
    cycle = BillingCycle.objects.at(now)
    if cycle is None:
        return EntryState("current cycle unknown", "warning")
    last_day = utc_day(cycle.end_at - timedelta(microseconds=1))
    return EntryState(f"{full_day(utc_day(cycle.start_at))} to {full_day(last_day)}")
