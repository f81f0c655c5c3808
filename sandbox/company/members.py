"""The people of the company: who they are and how they work."""

from dataclasses import dataclass, replace
from datetime import date, timedelta
from enum import Enum

import numpy as np

from .draws import Topic, fractions, stream
from .names import AUTOMATION, DOMAIN, FIRST_NAMES, GROUPS, LAST_NAMES, SERVICE_ACCOUNT
from .prices import MODELS

SERVICE_PRESENCE = 0.85
USUAL_EVENT_CENTS = 22.0  # mean charge of a request of usual size

# As in the usage exports of two teams, of 106 people and of 38: how people differ in their number of requests
# (logarithm), how steady they are, and how far some live on Auto and others do without.
PEOPLE_DIFFER, VOLATILITY_DIFFERS = 0.5, 0.15
AUTO_SHARES = (0.75, 0.36)  # of a beta distribution
AGENT_USERS, AGENT_SHARE = 0.10, 0.02


class MemberKind(Enum):
    HUMAN = "human"
    SERVICE = "service"  # no seat; its events carry an account name that looks like an e-mail
    AUTOMATION = "automation"  # no seat; its events carry no e-mail at all


@dataclass(frozen=True)
class Employee:
    """Someone or something that makes requests. `email` is in lower case; endpoints may differ."""

    index: int
    kind: MemberKind
    id: str  # the id of members, spend, groups and analytics
    name: str
    email: str
    role: str = "member"
    joined_on: date = date.min
    left_on: date = date.max  # first day without a seat
    is_listed: bool = True  # False: left, and members no longer names them
    group: str | None = None  # None: Unassigned
    former_group: str | None = None
    moved_on: date = date.min  # first day in `group` after `former_group`
    utc_offset_hours: int = 0
    presence: float = 0.0  # chance of using Cursor on a working day
    weekend_presence: float = 0.0
    median_events: float = 0.0  # on a day of use
    volatility: float = 1.0  # how much more than usual their days and weeks differ
    agent_share: float = 0.0  # share of the requests that are whole runs of a cloud agent
    auto_share: float = 0.7
    favourites: tuple[int, int] = (1, 2)  # positions in MODELS
    size: float = 0.0  # natural logarithm of how much bigger than usual the requests are
    allowance_cents: int = 7_000  # included usage per cycle
    limit_dollars: int | None = None  # on-demand spend per cycle at which Cursor refuses
    stays_on_old_client: bool = False
    has_capitals: bool = False  # some endpoints spell the e-mail with capitals

    @property
    def number(self) -> int:
        """The id of daily usage and of the events' filter."""
        return 100_000 + 37 * self.index

    @property
    def is_human(self) -> bool:
        return self.kind is MemberKind.HUMAN

    def holds_seat_on(self, day: date) -> bool:
        return self.joined_on <= day < self.left_on

    @property
    def holds_seat_throughout(self) -> bool:
        """Whether they neither join, leave nor change their group within the history."""
        return (self.joined_on, self.left_on, self.moved_on) == (date.min, date.max, date.min)

    def group_on(self, day: date) -> str | None:
        return self.former_group if self.former_group and day < self.moved_on else self.group


# Presence on a working day, requests on a day of use (median), share of the company.
HABITS = (
    (0.00, 0.0, 0.08),  # a seat that nobody uses
    (0.22, 4.5, 0.27),
    (0.52, 7.5, 0.42),
    (0.84, 11.5, 0.19),
    (0.96, 25.0, 0.04),  # heavy and steady
)
# Hours from UTC and share; nearly all requests fall between 11 and 22 UTC.
ZONES = ((-8, 0.14), (-7, 0.06), (-6, 0.16), (-5, 0.40), (-3, 0.08), (0, 0.06), (1, 0.10))


def build_members(count: int, seed: int, first_day: date, last_day: date) -> tuple[Employee, ...]:
    """Return `count` people, then the service account and the automation, which hold no seat.

    `first_day` to `last_day` is the history, both included: joiners and leavers come and go within it.
    """
    draw = stream(seed, Topic.MEMBERS)
    people = [_person(index, draw) for index in range(count)]
    people = _joiners_and_leavers(people, first_day, last_day)
    people = _roles(people)
    return (*people, _service(count), _automation(count + 1))


def _person(index: int, draw: np.random.Generator) -> Employee:
    # First names repeat from the sixty-first on; then a number in the e-mail tells people apart.
    first = FIRST_NAMES[index % len(FIRST_NAMES)]
    last = LAST_NAMES[int(draw.integers(len(LAST_NAMES)))]
    presence, median_events, _ = HABITS[draw.choice(len(HABITS), p=[share for *_, share in HABITS])]
    shares = np.array([model.popularity for model in MODELS])
    favourites = draw.choice(len(MODELS), size=2, replace=False, p=shares / shares.sum())
    size = 0.75 * float(draw.standard_normal())
    median_events *= float(np.exp(PEOPLE_DIFFER * draw.standard_normal()))
    suffix = "" if index < len(FIRST_NAMES) else str(index)
    group = GROUPS[int(draw.integers(len(GROUPS)))] if draw.random() < 0.93 else None
    return Employee(
        index=index,
        kind=MemberKind.HUMAN,
        id=user_id(index),
        name=f"{first} {last}",
        email=f"{first}.{last}{suffix}@{DOMAIN}".lower(),
        group=group,
        utc_offset_hours=int(draw.choice([hours for hours, _ in ZONES], p=[share for _, share in ZONES])),
        presence=min(0.98, presence * float(draw.uniform(0.8, 1.2))),
        weekend_presence=0.4 if draw.random() < 0.04 and presence else 0.02 * (presence > 0),
        median_events=median_events,
        volatility=float(np.exp(VOLATILITY_DIFFERS * draw.standard_normal())),
        agent_share=AGENT_SHARE if draw.random() < AGENT_USERS else 0.0,
        auto_share=float(draw.beta(*AUTO_SHARES)),
        favourites=(int(favourites[0]), int(favourites[1])),
        size=size,
        allowance_cents=_allowance_cents(presence * median_events, size, draw),
        has_capitals=bool(draw.random() < 0.12),
    )


def _allowance_cents(daily_events: float, size: float, draw: np.random.Generator) -> int:
    """Return a good month of someone like this, in whole dollars; one in four uses it up."""
    month = 21 * 1.3 * daily_events * USUAL_EVENT_CENTS * float(np.exp(0.8 * size))
    return 100 * max(10, round(month * float(np.exp(0.8 + 0.8 * draw.standard_normal())) / 100))


def _joiners_and_leavers(people: list[Employee], first_day: date, last_day: date) -> list[Employee]:
    """One in twelve joins in mid-history, one in fifteen leaves, half of these to be listed no more."""
    days = (last_day - first_day).days
    changed = []
    leavers = 0
    for member in people:
        key = np.array([member.index], dtype=np.uint64)
        part = float(fractions(key, 1)[0])
        day = first_day + timedelta(days=int(days * (0.2 + 0.6 * part)))
        if member.index % 12 == 5:
            member = replace(member, joined_on=day)
        elif member.index % 15 == 7:
            leavers += 1
            member = replace(member, left_on=day, is_listed=leavers % 2 == 1)
        elif member.index % 10 == 9 and member.group:
            former = GROUPS[(GROUPS.index(member.group) + 3) % len(GROUPS)]
            member = replace(member, former_group=former, moved_on=day)
        changed.append(member)
    return changed


def _roles(people: list[Employee]) -> list[Employee]:
    """The first is the owner; the second administers without a paid seat and makes no requests."""
    if people:
        people[0] = replace(people[0], role="owner")
    if len(people) > 5:
        people[1] = replace(people[1], role="free-owner", presence=0.0, weekend_presence=0.0)
    return people


def _service(index: int) -> Employee:
    return Employee(
        index=index,
        kind=MemberKind.SERVICE,
        id=f"sa_{user_id(index)[5:]}",
        name=SERVICE_ACCOUNT,
        email=f"{SERVICE_ACCOUNT}@service.{DOMAIN}",
        presence=SERVICE_PRESENCE,
        weekend_presence=SERVICE_PRESENCE,
        median_events=12.0,
        auto_share=0.2,
        allowance_cents=0,
    )


def _automation(index: int) -> Employee:
    return Employee(
        index=index,
        kind=MemberKind.AUTOMATION,
        id=f"auto_{user_id(index)[5:]}",
        name=AUTOMATION,
        email="",
        presence=0.7,
        weekend_presence=0.7,
        median_events=3.0,
        auto_share=0.5,
        allowance_cents=0,
    )


def user_id(index: int) -> str:
    """Return an id in the vendor's form, `user_` and letters and digits."""
    digits = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
    number = (index + 1) * 0x9E3779B97F4A7C15F39CC0605CEDC835 % (1 << 128)
    return "user_" + "".join(digits[number >> shift & 31] for shift in range(0, 125, 5))
