"""The made-up people on call: what they do about an incident, and when."""

import heapq
from collections.abc import Callable, Iterable
from datetime import datetime, timedelta
from itertools import count
from typing import NamedTuple

from detection.vocabulary import Cause, Severity
from incidents import lifecycle
from incidents.actions.answers import save_answer
from incidents.lifecycle import Actor
from incidents.models import Incident, MemberAnswer, Origin, TimelineEntry, Verdict
from incidents.notifying.recording import ALERTS

from .foresight import Foresight

Deed = Callable[[Incident, datetime], object]
Errand = Callable[[datetime], object]
Step = tuple[timedelta, Deed]


class Handling(NamedTuple):
    """What is done once somebody looks, and what once the spend has been back to normal."""

    at_once: tuple[Step, ...] = ()
    at_last: tuple[Step, ...] = ()


ADA, JONAS, PRIYA = Actor(None, "Ada Torres"), Actor(None, "Jonas Weber"), Actor(None, "Priya Nair")
PEOPLE = (ADA, JONAS, PRIYA)
FIRST_HOUR, LAST_HOUR = 7, 20  # UTC, between which somebody looks at messages at once
DAY = timedelta(days=1)
LATELY, LEFT_ALONE = timedelta(days=4), timedelta(hours=30)  # before the end
LASTING_FROM = timedelta(hours=54)
AGREED_FOR = timedelta(days=14)


def minutes(number: float) -> timedelta:
    return timedelta(minutes=number)


def acknowledging(by: Actor, origin: str = Origin.SLACK) -> Deed:
    return lambda incident, now: lifecycle.acknowledge(incident, by, origin, now)


def noting(by: Actor, text: str) -> Deed:
    return lambda incident, now: lifecycle.note(incident, by, Origin.PAGE, now, text)


def resolving(by: Actor, text: str) -> Deed:
    return lambda incident, now: lifecycle.resolve(incident, by, Origin.PAGE, now, text)


def judging(by: Actor, kind: str, reason: str = "", until: timedelta | None = None) -> Deed:
    def act(incident: Incident, now: datetime) -> object:
        # Too small counts dollars; where none are counted, the same is said by “expected”.
        is_countable = incident.member is None or incident.cause == Cause.SPEND
        verdict = kind if is_countable or kind != Verdict.TOO_SMALL else Verdict.EXPECTED
        end_at = now + until if until else None
        return lifecycle.verdict(incident, by, Origin.PAGE, now, verdict, end_at, reason)

    return act


def reopening(by: Actor, text: str) -> Deed:
    return lambda incident, now: lifecycle.reopen(incident, by, Origin.PAGE, now, text)


def snoozing(by: Actor, length: timedelta, reason: str) -> Deed:
    return lambda incident, now: lifecycle.snooze(incident, by, Origin.SLACK, now, now + length, reason)


def answering(reply: str) -> Deed:
    """The member concerned answers the newest question, if they were asked."""

    def act(incident: Incident, now: datetime) -> object:
        question = incident.timeline.filter(step__in=ALERTS).order_by("at", "pk").last()
        return question and save_answer(question, reply, None, Origin.EMAIL, now)

    return act


def stopped(first: Actor, second: Actor) -> Handling:
    return Handling(
        (
            (minutes(7), answering(MemberAnswer.Reply.STOPPED)),
            (minutes(11), acknowledging(first)),
            (minutes(24), noting(first, "The agent ran without an end condition. Its owner is stopping it.")),
        ),
        (
            (minutes(12), resolving(first, "Stopped by its owner")),
            (minutes(14), judging(first, Verdict.REAL)),
        ),
    )


def agreed(first: Actor, second: Actor) -> Handling:
    return Handling(
        (
            (minutes(18), acknowledging(second)),
            (minutes(55), noting(second, "The migration of the test suite was agreed with the team lead.")),
            (minutes(130), judging(second, Verdict.EXPECTED, "Agreed with the team lead", AGREED_FOR)),
        )
    )


def snoozed(first: Actor, second: Actor) -> Handling:
    return Handling(
        (
            (minutes(9), acknowledging(first, Origin.PAGE)),
            (minutes(40), noting(first, "Asked for the reason in a direct message.")),
        ),
        (
            (minutes(12), snoozing(first, minutes(240), "Over, they say; looking again later today")),
            (minutes(190), resolving(second, "Back to a cheaper model")),
            (minutes(192), judging(second, Verdict.REAL)),
        ),
    )


def planned(first: Actor, second: Actor) -> Handling:
    return Handling(
        (
            (minutes(22), acknowledging(second)),
            (minutes(61), judging(second, Verdict.PLANNED, "Load test of the new pipeline", AGREED_FOR)),
        )
    )


def reopened(first: Actor, second: Actor) -> Handling:
    return Handling(
        (
            (minutes(14), acknowledging(first)),
            (minutes(75), resolving(first, "Explained in the team's channel")),
            (minutes(190), reopening(second, "It is still going on")),
            (minutes(260), acknowledging(second, Origin.PAGE)),
        ),
        (
            (minutes(30), resolving(second, "Settled: the sessions were closed")),
            (minutes(33), judging(second, Verdict.REAL)),
        ),
    )


def too_small(first: Actor, second: Actor) -> Handling:
    return Handling(
        ((minutes(35), acknowledging(second)),),
        ((minutes(40), judging(second, Verdict.TOO_SMALL, "Over, and not worth more of anyone's time")),),
    )


# What is done about an incident of a member, from its alert on: each gets the next of these.
PLANS = (stopped, snoozed, agreed, reopened, too_small, planned)
# The same where the spend goes on for days: somebody has agreed to that.
LASTING = (agreed, planned)


def of_the_team(first: Actor, second: Actor) -> Handling:
    """What concerns everybody: a budget, a price, a limit."""
    return Handling(
        (
            (minutes(18), acknowledging(first)),
            (minutes(42), noting(first, "The team leads know and will decide on Monday.")),
        ),
        ((minutes(50), resolving(second, "Settled at the team leads' meeting")),),
    )


def unfinished(first: Actor, second: Actor) -> tuple[Handling, ...]:
    """The same for what is still there when somebody opens the demo."""
    return (
        Handling(
            (
                (minutes(9), acknowledging(first)),
                (minutes(26), noting(first, "Asked whether the expensive model is needed for all of it.")),
                (minutes(31), snoozing(first, 5 * DAY, "An answer is expected next week")),
            )
        ),
        agreed(first, second),
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
        """Handling what to do about each incident that is new."""
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
        plan = self._plan_for(incident, over_at - now, place, now)
        looked_at = now if incident.severity == Severity.CRITICAL else attended(now)
        for delay, step in plan.at_once:
            self._put(looked_at + delay, incident.pk, step)
        # A finding holds for a day after the spend behind it, and a day after it was resolved it reopens.
        last_at = max([looked_at + delay for delay, _ in plan.at_once] + [attended(over_at - DAY)])
        for delay, step in plan.at_last:
            self._put(last_at + delay, incident.pk, step)

    def _plan_for(self, incident: Incident, lasts: timedelta, place: int, now: datetime) -> Handling:
        first, second = PEOPLE[place % 3], PEOPLE[(place + 1) % 3]
        if self.end_at - now < LATELY:
            lately = unfinished(first, second)
            return lately[place % len(lately)]
        if incident.member is None:
            return of_the_team(first, second)
        plans = PLANS if lasts < LASTING_FROM else LASTING
        return plans[place % len(plans)](first, second)

    def _over_at(self, incident: Incident, now: datetime) -> datetime:
        email = incident.member.email if incident.member else ""
        return self.foresight.over_at(email, incident.cause, now) if self.foresight else now

    def _put(self, at: datetime, pk: int, step: Deed) -> None:
        def errand(moment: datetime) -> object:
            return step(Incident.objects.select_related("member").get(pk=pk), moment)

        heapq.heappush(self._agenda, (at, next(self._numbers), errand))


def attended(now: datetime) -> datetime:
    """When somebody who is notified at `now` looks: at once by day, else at seven in the morning."""
    morning = now.replace(hour=FIRST_HOUR, minute=3)
    if FIRST_HOUR <= now.hour < LAST_HOUR:
        return now
    return morning if now < morning else morning + DAY
