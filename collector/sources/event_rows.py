"""Events as rows of their table: how they are recognised, compared and kept apart."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from datetime import date, datetime
from decimal import Decimal
from typing import NamedTuple

from django.db.models import QuerySet

from collector.base.days import utc_day
from collector.base.plausibility import MOST_TOGETHER, ODD_CHARGE
from collector.base.upsert import FactTable
from collector.facts.roster import Identity, Roster
from collector.models import UsageEvent

# How much is known of a cost, by what it rests on.
KNOWLEDGE = {
    UsageEvent.CostBasis.UNKNOWN.value: 0,
    UsageEvent.CostBasis.FILE.value: 1,
    UsageEvent.CostBasis.MODEL_COST.value: 1,
    UsageEvent.CostBasis.CHARGED.value: 2,
}


COST = ("charged_cents", "cost_basis", "model_cents", "token_fee_cents", "discount_percent")
TOKENS = ("input_tokens", "output_tokens", "cache_write_tokens", "cache_read_tokens")
NEVER_REVISED = (*TOKENS, "conversation_id", "cloud_agent_id", "automation_id")
# With the amount that was charged, so that they stand as long as it does.
REVISED_TOGETHER = (*NEVER_REVISED, "model_cents", "token_fee_cents", "discount_percent")
NOTHING = (None, "")


class EventKey(NamedTuple):
    """What identifies an event; the ordinal numbers events that are otherwise identical."""

    member_id: int
    occurred_at: datetime
    model: str
    ordinal: int


class EventValues(NamedTuple):
    """What is compared and stored besides.

    First what is never revised, by which events of one instant, member and model are put in an order that
    stands; from `kind` on what the vendor may settle later.
    """

    conversation_id: str = ""
    cloud_agent_id: str = ""
    automation_id: str = ""
    is_headless: bool = False
    is_max_mode: bool = False
    is_token_based: bool = False
    is_bugbot: bool = False
    input_tokens: int | None = None
    output_tokens: int | None = None
    cache_write_tokens: int | None = None
    cache_read_tokens: int | None = None
    kind: str = ""
    charged_cents: Decimal = Decimal(0)
    cost_basis: str = UsageEvent.CostBasis.UNKNOWN.value
    model_cents: Decimal | None = None
    token_fee_cents: Decimal | None = None
    discount_percent: Decimal | None = None
    is_chargeable: bool = False
    request_units: Decimal = Decimal(0)
    origin: str = UsageEvent.Provenance.API.value

    @property
    def tokens(self) -> int:
        """Their sum; some files have no more."""
        return sum(getattr(self, name) or 0 for name in TOKENS)

    def taking(self, names: Iterable[str], other: EventValues) -> EventValues:
        """The same with these columns of the other's."""
        return self._replace(**{name: getattr(other, name) for name in names})


class EventDraft(NamedTuple):
    """An event on its way to the table: whom it names, when and with which model, and its columns."""

    identity: Identity
    occurred_at: datetime
    model: str
    columns: EventValues


EventRows = dict[EventKey, EventValues]

TABLE = FactTable(
    UsageEvent,
    key=EventKey._fields,
    values=EventValues._fields,
    stamp=("changed_at",),
    first_stamp=("first_seen_at",),
)


def without_absurd(events: list[EventDraft]) -> tuple[list[EventDraft], list[EventDraft]]:
    """The events, and apart from them the largest of days on which all cost more than a team can spend."""
    days = absurd_days(events)
    if not days:
        return events, []
    kept, aside = list[EventDraft](), list[EventDraft]()
    for event in events:
        is_absurd = utc_day(event.occurred_at) in days and _stated_cents(event) > ODD_CHARGE
        (aside if is_absurd else kept).append(event)
    return kept, aside


def absurd_days(events: list[EventDraft]) -> set[date]:
    """Days of which `events` cost more than a team can spend."""
    if sum(map(_stated_cents, events)) <= MOST_TOGETHER:
        return set()
    cents: dict[date, Decimal] = defaultdict(Decimal)
    for event in events:
        cents[utc_day(event.occurred_at)] += _stated_cents(event)
    return {day for day, amount in cents.items() if amount > MOST_TOGETHER}


def _stated_cents(event: EventDraft) -> Decimal:
    """The largest amount that the event states, credits as well."""
    return max(
        abs(event.columns.charged_cents), abs(event.columns.model_cents or event.columns.charged_cents)
    )


def stored_rows(events: QuerySet[UsageEvent]) -> EventRows:
    columns_by_key = TABLE.stored_values(events)
    return {EventKey._make(key): EventValues._make(columns) for key, columns in columns_by_key.items()}


def number_twins(drafts: Iterable[EventDraft], roster: Roster) -> EventRows:
    """Rows by identity. Events alike in instant, member and model are numbered by what never changes."""
    members: dict[Identity, int] = {}
    rows: EventRows = {}
    twins: dict[EventKey, list[EventValues]] = {}
    for identity, occurred_at, model, values in drafts:
        member_id = members.get(identity)
        if member_id is None:
            member_id = members[identity] = roster.member_id(identity)
        key = EventKey(member_id, occurred_at, model, 0)
        if key in rows:
            twins.setdefault(key, [rows[key]]).append(values)
        else:
            rows[key] = values
    for key, alike in twins.items():
        alike.sort(key=lambda columns: tuple(map(str, columns)))
        rows |= {key._replace(ordinal=ordinal): values for ordinal, values in enumerate(alike)}
    return rows


def keep_known(rows: EventRows, stored: EventRows) -> None:
    """Keep what a later answer leaves out or garbles: an event's counts, the parts of its cost, its ids."""
    for key, old in stored.items():
        row = rows.get(key)
        if row is None or row == old:
            continue
        names = REVISED_TOGETHER if row.charged_cents == old.charged_cents else NEVER_REVISED
        lost = [name for name in names if getattr(row, name) in NOTHING and getattr(old, name) not in NOTHING]
        if lost:
            rows[key] = row.taking(lost, old)


def keep_costs(rows: EventRows, stored: EventRows) -> None:
    """Keep the cost of an unchanged event that is now reported without one: missing is not zero."""
    for key, old in stored.items():
        row = rows.get(key)
        if row is None or KNOWLEDGE[row.cost_basis] >= KNOWLEDGE[old.cost_basis]:
            continue
        if (row.kind, row.is_chargeable) == (old.kind, old.is_chargeable):
            rows[key] = row.taking(COST, old)
