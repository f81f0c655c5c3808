"""The whole company: people, calendar, requests, true incidents."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from decimal import Decimal
from functools import cached_property

import numpy as np

from .activity import USUAL_EVENTS, Traits, draft_day
from .actors import choose_actors, live, without_days
from .casting import ACTORS, cast, give_roles
from .columns import EventColumns, Events
from .cycle import MID_MONTH, Anniversary
from .daily import EmployeeDay, daily_activity
from .days import Calendar, build_calendar
from .incidents import LONGEST_DAYS, add_incidents
from .instants import days_between, from_ms, midnight, to_ms
from .kinds import KIND_NAMES
from .members import Employee, build_members
from .plan import apply_plan
from .prices import MICRO, MODELS
from .pricing import PriceRise, price
from .stage import Stage
from .stories import Story


@dataclass(frozen=True)
class Label:
    """One stretch in which spend went wrong.

    `onset_at` is the first request that it changed or added, `ended_at` the last one; `extra_cents` is what
    it added to the member's charges, from the generator's truth.
    """

    email: str  # lower case
    kind: str
    onset_at: datetime
    ended_at: datetime
    extra_cents: Decimal
    note: str


@dataclass(frozen=True)
class Company:
    """A made-up company from `first_day` until `until`, with its stories around `now`.

    `events` are in order of time and reach past `now`; what is still to come is up to the reader to hide.
    """

    seed: int
    now: datetime
    until: datetime
    first_day: date
    members: tuple[Employee, ...]
    calendar: Calendar
    stories: tuple[Story, ...]
    events: Events
    anniversary: Anniversary = MID_MONTH

    @cached_property
    def labels(self) -> tuple[Label, ...]:
        """The true incidents begun by `now`, oldest first, with all that they add until they end."""
        return tuple(label for label in self.labels_at(self.until) if label.onset_at <= self.now)

    def labels_at(self, instant: datetime) -> tuple[Label, ...]:
        """The true incidents as far as they have come by `instant`, oldest first."""
        events = self.events_until(instant)
        changed = events.take(events.story >= 0)
        labels = [self._label(story, changed.take(changed.story == story.number)) for story in self.stories]
        return tuple(sorted((label for label in labels if label), key=lambda label: label.onset_at))

    def events_until(self, instant: datetime) -> Events:
        """The events that had happened by `instant`, oldest first."""
        last = np.searchsorted(self.events.occurred_ms, to_ms(instant), side="right")
        return self.events.take(slice(0, last))

    def daily_activity(self, first: date, last: date, *, at: datetime | None = None) -> list[EmployeeDay]:
        """A row per person and UTC day with a seat, both days included, of what had happened `at` (now)."""
        return daily_activity(self.members, self.events_until(at or self.now), first, last)

    def columns(self, at: datetime) -> dict[str, np.ndarray]:
        """The events that had happened by `at` as plain arrays, oldest first: ready for a data frame.

        `email` is in lower case, empty where the API gives none; money is in cents, as floats.
        """
        events = self.events_until(at)
        emails = np.array([member.email for member in self.members], dtype=object)
        return {
            "email": emails[events.member],
            "occurred_ms": events.occurred_ms,
            "model": np.array([model.name for model in MODELS], dtype=object)[events.model],
            "kind": np.array(KIND_NAMES, dtype=object)[events.kind],
            "is_chargeable": events.is_chargeable,
            "charged_cents": events.charged_micro / MICRO,
            "model_cents": events.model_micro / MICRO,
            "fee_cents": events.fee_micro / MICRO,
            "input_tokens": events.input_tokens,
            "output_tokens": events.output_tokens,
            "cache_write_tokens": events.cache_write_tokens,
            "cache_read_tokens": events.cache_read_tokens,
        }

    def _label(self, story: Story, events: Events) -> Label | None:
        if not len(events):
            return None
        extra = int((events.charged_micro - events.usual_micro).sum())
        return Label(
            email=self.members[story.member].email,
            kind=story.kind,
            onset_at=from_ms(events.occurred_ms[0]),
            ended_at=from_ms(events.occurred_ms[-1]),
            extra_cents=Decimal(extra) / MICRO,
            note=story.note,
        )


@dataclass(frozen=True)
class Span:
    """The time that a company works: from `first_day` past its now, until `until`."""

    first_day: date
    now: datetime
    until: datetime
    seed: int

    @property
    def last_day(self) -> date:
        """A story runs to its end; otherwise the horizon would decide whether it happens."""
        return self.until.date() + timedelta(days=LONGEST_DAYS)


def build_company(
    *,
    members: int,
    days: int,
    seed: int,
    now: datetime,
    ahead_days: int = 7,
    events_per_day: float = USUAL_EVENTS,
    has_stories: bool = True,
    incidents_per_100_members_month: float = 0.0,
    price_rise: PriceRise | None = None,
) -> Company:
    """Return the company of `members` people that has worked `days` days before the day of `now`.

    It continues for `ahead_days` after `now`. The same arguments give the same company, and extending the
    horizon does not change the past. `events_per_day` is the mean on a day of use. Besides the stories of the
    demo, or without them, incidents of all kinds happen by chance.
    """
    first_day, until = now.date() - timedelta(days=days), now + timedelta(days=ahead_days)
    span = Span(first_day, now, until, seed)
    people = build_members(members, seed, first_day, now.date())
    actors = choose_actors(people, ACTORS) if has_stories else ()
    people = give_roles(without_days(people, actors))
    calendar = build_calendar(people, seed, first_day, span.last_day)
    ordinary = _ordinary(people, calendar, span, events_per_day / USUAL_EVENTS)
    stage = _staged(span, people, actors, ordinary, incidents_per_100_members_month)
    events = _billed(stage, people, span, price_rise)
    return Company(seed, now, until, first_day, people, calendar, tuple(stage.stories), events)


def _staged(
    span: Span,
    people: tuple[Employee, ...],
    actors: Sequence[Employee],
    ordinary: EventColumns,
    incidents_per_100_members_month: float,
) -> Stage:
    """Return the stage on which the actors' stories and the incidents of chance have happened."""
    ends = (span.last_day - span.now.date()).days + 1
    begins = (span.now.date() - span.first_day).days + 1
    lives = live(actors, now_ms=to_ms(span.now), first=begins, last=ends, seed=span.seed)
    stage = Stage(EventColumns.joined([ordinary, *lives]), len(people))
    stage.apply(cast(actors, first_day=span.first_day, now=span.now, seed=span.seed))
    add_incidents(
        stage,
        people,
        first_day=span.first_day,
        last_day=span.until.date(),
        seed=span.seed,
        per_100_members_month=incidents_per_100_members_month,
    )
    return stage


def _billed(stage: Stage, members: tuple[Employee, ...], span: Span, price_rise: PriceRise | None) -> Events:
    """Return what happened on the stage in the span, priced and under the plan."""
    events = _in_order(price(stage.draft(), price_rise))
    start = midnight(span.first_day)
    events = events.take((events.occurred_ms >= to_ms(start)) & (events.occurred_ms < to_ms(span.until)))
    return apply_plan(events, members, MID_MONTH.turns(start, span.until))


def _ordinary(members: tuple[Employee, ...], calendar: Calendar, span: Span, scale: float) -> EventColumns:
    """Return everybody's requests, those of the day before included: west of Greenwich it ends later."""
    traits = Traits(members)
    return EventColumns.joined(
        draft_day(traits, calendar, day, seed=span.seed, scale=scale)
        for day in days_between(span.first_day - timedelta(days=1), span.last_day + timedelta(days=1))
    )


def _in_order(events: Events) -> Events:
    """Return the events oldest first; a member has at most one in a millisecond, as in all real data."""
    while True:
        events = events.take(np.lexsort((events.noise, events.member, events.occurred_ms)))
        same = (np.diff(events.member, prepend=-1) == 0) & (np.diff(events.occurred_ms, prepend=-1) == 0)
        if not same.any():
            return events
        events = replace(events, occurred_ms=events.occurred_ms + same)
