"""The made-up people on call: what they do about an incident, and when."""

import heapq
from collections.abc import Callable, Iterable
from datetime import datetime, timedelta
from functools import partial
from itertools import count
from typing import NamedTuple

from detection.vocabulary import Cause, Severity
from incidents import lifecycle
from incidents.actions.answers import save_answer
from incidents.lifecycle import Actor
from incidents.models import Incident, MemberAnswer, Origin, TimelineEntry, Verdict
from incidents.notifying.recording import ALERTS

from .foresight import Foresight

People = tuple[Actor, Actor]  # who looks first, and who comes to it later
Deed = Callable[[People, Incident, datetime], object]
Errand = Callable[[datetime], object]
Step = tuple[float, Deed]  # minutes from then on


class Handling(NamedTuple):
    """What is done once somebody looks, and what once the spend has been back to normal."""

    at_once: tuple[Step, ...] = ()
    at_last: tuple[Step, ...] = ()


ADA, JONAS, PRIYA = Actor(None, "Ada Torres"), Actor(None, "Jonas Weber"), Actor(None, "Priya Nair")
PEOPLE = (ADA, JONAS, PRIYA)
FIRST, SECOND = 0, 1
FIRST_HOUR, LAST_HOUR = 7, 20  # UTC, between which somebody looks at messages at once
DAY = timedelta(days=1)
LATELY, LEFT_ALONE = timedelta(days=4), timedelta(hours=30)  # before the end
LASTING_FROM = timedelta(hours=54)
AGREED_FOR = timedelta(days=14)


def acknowledging(by: int, origin: str = Origin.SLACK) -> Deed:
    return lambda people, incident, now: lifecycle.acknowledge(incident, people[by], origin, now)


def noting(by: int, text: str) -> Deed:
    return lambda people, incident, now: lifecycle.note(incident, people[by], Origin.PAGE, now, text)


def resolving(by: int, text: str) -> Deed:
    return lambda people, incident, now: lifecycle.resolve(incident, people[by], Origin.PAGE, now, text)


def judging(by: int, kind: str, reason: str = "", until: timedelta | None = None) -> Deed:
    def act(people: People, incident: Incident, now: datetime) -> object:
        # Too small counts dollars; where none are counted, the same is said by “expected”.
        is_countable = incident.member is None or incident.cause == Cause.SPEND
        verdict = kind if is_countable or kind != Verdict.TOO_SMALL else Verdict.EXPECTED
        end_at = now + until if until else None
        return lifecycle.verdict(incident, people[by], Origin.PAGE, now, verdict, end_at, reason)

    return act


def reopening(by: int, text: str) -> Deed:
    return lambda people, incident, now: lifecycle.reopen(incident, people[by], Origin.PAGE, now, text)


def snoozing(by: int, length: timedelta, reason: str) -> Deed:
    return lambda people, incident, now: lifecycle.snooze(
        incident, people[by], Origin.SLACK, now, now + length, reason
    )


def answering(reply: str) -> Deed:
    """The member concerned answers the newest question, if they were asked."""

    def act(people: People, incident: Incident, now: datetime) -> object:
        question = incident.timeline.filter(step__in=ALERTS).order_by("at", "pk").last()
        return question and save_answer(question, reply, None, Origin.EMAIL, now)

    return act


STOPPED = Handling(
    (
        (7, answering(MemberAnswer.Reply.STOPPED)),
        (11, acknowledging(FIRST)),
        (24, noting(FIRST, "The agent ran without an end condition. Its owner is stopping it.")),
    ),
    ((12, resolving(FIRST, "Stopped by its owner")), (14, judging(FIRST, Verdict.REAL))),
)
AGREED = Handling(
    (
        (18, acknowledging(SECOND)),
        (55, noting(SECOND, "The migration of the test suite was agreed with the team lead.")),
        (130, judging(SECOND, Verdict.EXPECTED, "Agreed with the team lead", AGREED_FOR)),
    )
)
SNOOZED = Handling(
    (
        (9, acknowledging(FIRST, Origin.PAGE)),
        (40, noting(FIRST, "Asked for the reason in a direct message.")),
    ),
    (
        (12, snoozing(FIRST, timedelta(hours=4), "Over, they say; looking again later today")),
        (190, resolving(SECOND, "Back to a cheaper model")),
        (192, judging(SECOND, Verdict.REAL)),
    ),
)
PLANNED = Handling(
    (
        (22, acknowledging(SECOND)),
        (61, judging(SECOND, Verdict.PLANNED, "Load test of the new pipeline", AGREED_FOR)),
    )
)
REOPENED = Handling(
    (
        (14, acknowledging(FIRST)),
        (75, resolving(FIRST, "Explained in the team's channel")),
        (190, reopening(SECOND, "It is still going on")),
        (260, acknowledging(SECOND, Origin.PAGE)),
    ),
    ((30, resolving(SECOND, "Settled: the sessions were closed")), (33, judging(SECOND, Verdict.REAL))),
)
TOO_SMALL = Handling(
    ((35, acknowledging(SECOND)),),
    ((40, judging(SECOND, Verdict.TOO_SMALL, "Over, and not worth more of anyone's time")),),
)
# What is done about an incident of a member, from its alert on: each gets the next of these.
PLANS = (STOPPED, SNOOZED, AGREED, REOPENED, TOO_SMALL, PLANNED)
# The same where the spend goes on for days: somebody has agreed to that.
LASTING = (AGREED, PLANNED)
# The same for what is still there when somebody opens the demo.
UNFINISHED = (
    Handling(
        (
            (9, acknowledging(FIRST)),
            (26, noting(FIRST, "Asked whether the expensive model is needed for all of it.")),
            (31, snoozing(FIRST, 5 * DAY, "An answer is expected next week")),
        )
    ),
    AGREED,
)
# What concerns everybody: a budget, a price, a limit.
OF_THE_TEAM = Handling(
    (
        (18, acknowledging(FIRST)),
        (42, noting(FIRST, "The team leads know and will decide on Monday.")),
    ),
    ((50, resolving(SECOND, "Settled at the team leads' meeting")),),
)


class Colleagues:
    """They look when the pipeline has run, and act later: at once by day or where it is critical, else in
    the morning; they resolve once the spend has come to an end.

    What goes on at `end_at` is left in different states; the newest is left to whoever opens the demo.
    """

    def __init__(
        self,
        end_at: datetime,
        errands: Iterable[tuple[datetime, Errand]] = (),
        foresight: Foresight | None = None,
    ) -> None:
        self.end_at, self.foresight = end_at, foresight
        self._numbers = count()
        self._agenda = [(at, next(self._numbers), errand) for at, errand in errands]
        heapq.heapify(self._agenda)
        self._seen: set[int] = set(TimelineEntry.objects.values_list("incident", flat=True))
        self._taken = len(self._seen)

    @property
    def next_at(self) -> datetime | None:
        return self._agenda[0][0] if self._agenda else None

    def look(self, now: datetime) -> None:
        """Plan what to do about each incident that is new."""
        for incident in Incident.objects.exclude(pk__in=self._seen).order_by("pk"):
            self._seen.add(incident.pk)
            self._plan(incident, now)

    def act(self, at: datetime) -> None:
        """Do what is due at `at`."""
        while self._agenda and self._agenda[0][0] <= at:
            moment, _, errand = heapq.heappop(self._agenda)
            errand(moment)

    def _plan(self, incident: Incident, now: datetime) -> None:
        place, self._taken = self._taken, self._taken + 1
        if self.end_at - now < LEFT_ALONE:
            return
        over_at = self._over_at(incident, now)
        people = PEOPLE[place % 3], PEOPLE[(place + 1) % 3]
        plan = self._plan_for(incident, over_at - now, place, now)
        looked_at = now if incident.severity == Severity.CRITICAL else attended(now)
        first_at = [looked_at + timedelta(minutes=minutes) for minutes, _ in plan.at_once]
        for at, (_, deed) in zip(first_at, plan.at_once, strict=True):
            self._put(at, incident.pk, partial(deed, people))
        # A finding holds for a day after the spend behind it, and a day after it was resolved it reopens.
        last_at = max([*first_at, attended(over_at - DAY)])
        for minutes, deed in plan.at_last:
            self._put(last_at + timedelta(minutes=minutes), incident.pk, partial(deed, people))

    def _plan_for(self, incident: Incident, lasts: timedelta, place: int, now: datetime) -> Handling:
        if self.end_at - now < LATELY:
            return UNFINISHED[place % len(UNFINISHED)]
        if incident.member is None:
            return OF_THE_TEAM
        plans = PLANS if lasts < LASTING_FROM else LASTING
        return plans[place % len(plans)]

    def _over_at(self, incident: Incident, now: datetime) -> datetime:
        email = incident.member.email if incident.member else ""
        return self.foresight.over_at(email, incident.cause, now) if self.foresight else now

    def _put(self, at: datetime, pk: int, act: Callable[[Incident, datetime], object]) -> None:
        def errand(moment: datetime) -> object:
            return act(Incident.objects.select_related("member").get(pk=pk), moment)

        heapq.heappush(self._agenda, (at, next(self._numbers), errand))


def attended(now: datetime) -> datetime:
    """When somebody who is notified at `now` looks: at once by day, else at seven in the morning."""
    morning = now.replace(hour=FIRST_HOUR, minute=3)
    if FIRST_HOUR <= now.hour < LAST_HOUR:
        return now
    return morning if now < morning else morning + DAY
