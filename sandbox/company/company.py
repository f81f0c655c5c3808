"""The whole company: people, calendar, requests, true incidents."""

from __future__ import annotations

from collections.abc import Iterable
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
from .instants import day_ms, from_ms, midnight, to_ms
from .kinds import KIND_NAMES
from .labels import Label
from .members import Employee, build_members
from .plan import apply_plan
from .prices import MICRO, MODELS
from .pricing import PriceRise, price
from .stage import Stage
from .stories import Story


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
    anniversary: Anniversary
    stories: tuple[Story, ...]
    events: Events

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
    anniversary: Anniversary = MID_MONTH,
    price_rise: PriceRise | None = None,
) -> Company:
    """Return the company of `members` people that has worked `days` days before the day of `now`.

    It continues for `ahead_days` after `now`. The same arguments give the same company, and extending the
    horizon does not change the past. `events_per_day` is the mean on a day of use. Besides the stories of the
    demo, or without them, incidents of all kinds happen by chance.
    """
    first_day, until = now.date() - timedelta(days=days), now + timedelta(days=ahead_days)
    people = build_members(members, seed, first_day, now.date())
    actors = choose_actors(people, ACTORS) if has_stories else ()
    people = give_roles(without_days(people, actors))
    # A story runs to its end; otherwise the horizon would decide whether it happens.
    last_day = until.date() + timedelta(days=LONGEST_DAYS)
    calendar = build_calendar(people, seed, first_day, last_day)
    scale = events_per_day / USUAL_EVENTS
    lives = live(actors, now_ms=to_ms(now), first=days + 1, last=(last_day - now.date()).days + 1, seed=seed)
    ordinary = _ordinary(people, calendar, first_day, last_day, seed, scale)
    stage = Stage(EventColumns.joined([ordinary, *lives]), len(people))
    stage.apply(cast(actors, first_day=first_day, now=now, seed=seed))
    add_incidents(
        stage,
        people,
        first_day=first_day,
        last_day=until.date(),
        seed=seed,
        per_100_members_month=incidents_per_100_members_month,
    )
    return Company(
        seed=seed,
        now=now,
        until=until,
        first_day=first_day,
        members=people,
        calendar=calendar,
        anniversary=anniversary,
        stories=tuple(stage.stories),
        events=_billed(stage, people, first_day, until, anniversary, price_rise),
    )


def _billed(
    stage: Stage,
    members: tuple[Employee, ...],
    first_day: date,
    until: datetime,
    anniversary: Anniversary,
    price_rise: PriceRise | None,
) -> Events:
    """Return what happened on the stage from `first_day` until `until`, priced and under the plan."""
    events = _in_order(price(stage.draft(), price_rise))
    events = events.take((events.occurred_ms >= day_ms(first_day)) & (events.occurred_ms < to_ms(until)))
    return apply_plan(events, members, anniversary.turns(midnight(first_day), until))


def _ordinary(
    members: tuple[Employee, ...],
    calendar: Calendar,
    first_day: date,
    last_day: date,
    seed: int,
    scale: float,
) -> EventColumns:
    """Return everybody's requests, those of the day before included: west of Greenwich it ends later."""
    traits = Traits.of(members)
    return EventColumns.joined(
        draft_day(traits, calendar, day, seed=seed, scale=scale)
        for day in _days(first_day - timedelta(days=1), last_day + timedelta(days=1))
    )


def _days(first_day: date, last_day: date) -> Iterable[date]:
    return (first_day + timedelta(days=offset) for offset in range((last_day - first_day).days + 1))


def _in_order(events: Events) -> Events:
    """Return the events oldest first; a member has at most one in a millisecond, as in all real data."""
    while True:
        events = events.take(np.lexsort((events.noise, events.member, events.occurred_ms)))
        same = (np.diff(events.member, prepend=-1) == 0) & (np.diff(events.occurred_ms, prepend=-1) == 0)
        if not same.any():
            return events
        events = replace(events, occurred_ms=events.occurred_ms + same)
