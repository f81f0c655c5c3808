"""Billing cycles: stated by the spend answer, and before that stepped back a calendar month at a time."""

import calendar
from datetime import date, datetime, timedelta

from django.db.models import QuerySet

from collector.base.days import day_end, day_start, utc_day
from collector.base.statements import prepared
from collector.models import BillingCycle, Reconciliation, SpendSnapshot

# A predicted end and the vendor's next start may differ by this much; beyond it a cycle was missed.
SLACK = timedelta(days=4)
DAY = timedelta(days=1)
# A cycle is a calendar month; a plan that is changed may end one early, though not twice in a few days.
SHORTEST = timedelta(days=25)


def months_later(instant: datetime, months: int, *, day: int | None = None) -> datetime:
    """The same time `months` later, earlier if negative: same day or `day`, or a shorter month's last."""
    index = instant.year * 12 + instant.month - 1 + months
    year, month = divmod(index, 12)
    last = calendar.monthrange(year, month + 1)[1]
    return instant.replace(year=year, month=month + 1, day=min(day or instant.day, last))


@prepared
def known_cycles() -> QuerySet:
    """Every cycle with the figures of its newest reconciliation, the newest first."""
    return BillingCycle.objects.with_reconciliation().order_by("-start_at")


def learn(start_at: datetime, *, running_at: datetime | None = None) -> tuple[BillingCycle, set[date]]:
    """The cycle that the vendor says began at `start_at`, and the days whose split changed with it.

    `running_at` is when the vendor named it as the current one: its end, as yet a guess, comes after that.
    """
    before, guessed = _turns(), guesses()
    start_at = _exact(start_at)
    following = BillingCycle.objects.filter(start_at__gt=start_at).order_by("start_at").first()
    if following and following.pk in guessed:
        following = None
    end_at = following.start_at if following else _months_from(start_at, 1)
    if following is None and running_at and end_at <= running_at:
        end_at = day_end(utc_day(running_at))
    cycle, _ = BillingCycle.objects.update_or_create(
        start_at=start_at, defaults={"end_at": end_at, "is_inferred": False}
    )
    _replace_guesses(guessed, cycle)
    _join_predecessor(cycle)
    return cycle, _changed(before)


def guesses() -> set[int]:
    """All cycles, as long as none was ever stated."""
    if BillingCycle.objects.filter(is_inferred=False).exists():
        return set()
    return set(BillingCycle.objects.values_list("pk", flat=True))


def guess(at: datetime) -> tuple[BillingCycle, set[date]]:
    """The cycle that is taken to run at `at` while none is stated, and the days whose split changed with it.

    It is the calendar month, or what follows the one that `guess_better` made known.
    """
    before = _turns()
    last = BillingCycle.objects.newest(at)
    start_at = last.start_at if last else day_start(utc_day(at).replace(day=1))
    while (end_at := months_later(start_at, 1)) <= at:
        start_at = end_at
    cycle, _ = BillingCycle.objects.get_or_create(
        start_at=start_at, defaults={"end_at": end_at, "is_inferred": True}
    )
    _join_predecessor(cycle)
    return cycle, _changed(before)


def guess_better(start_at: datetime, at: datetime) -> set[date]:
    """Let the guessed cycle begin at `start_at`, to the day; return the days whose split changed."""
    if utc_day(start_at) in _turns():
        return set()
    cycle, changed = learn(start_at, running_at=at)
    BillingCycle.objects.filter(pk=cycle.pk).update(is_inferred=True)
    return changed


def _replace_guesses(guessed: set[int], cycle: BillingCycle) -> None:
    """Put what guessed cycles hold into `cycle` and the ones before it."""
    wrong = BillingCycle.objects.filter(pk__in=guessed, start_at__lt=cycle.end_at).exclude(pk=cycle.pk)
    oldest = wrong.order_by("start_at").first()
    if oldest is None:
        return
    Reconciliation.objects.filter(cycle__in=wrong).delete()
    SpendSnapshot.objects.filter(cycle__in=wrong).update(cycle=cycle)
    wrong.delete()
    reach_back_to(oldest.start_at)
    for earlier in BillingCycle.objects.filter(start_at__lt=cycle.start_at):
        own = cycle.snapshots.filter(taken_at__gte=earlier.start_at, taken_at__lt=earlier.end_at)
        own.update(cycle=earlier)


def same_start(start_at: datetime) -> datetime:
    """The start of the known cycle within a day of `start_at`, which is the same one; else `start_at`."""
    near = BillingCycle.objects.filter(start_at__gt=start_at - DAY, start_at__lt=start_at + DAY)
    nearest = min(near, key=lambda cycle: abs(cycle.start_at - start_at), default=None)
    if nearest is None or nearest.start_at == day_start(utc_day(nearest.start_at)):
        return start_at  # a known midnight gives way, see `_exact`
    return nearest.start_at


def contradicted_by(start_at: datetime, at: datetime) -> list[BillingCycle]:
    """Cycles that cannot be, if the one that runs at `at` began at `start_at`.

    None may begin between the two. One that was named only briefly, a few days long, was a slip. Guesses
    contradict nothing.
    """
    if guesses():
        return []
    later = BillingCycle.objects.filter(start_at__gt=start_at, start_at__lte=at)
    short = BillingCycle.objects.filter(
        start_at__lt=start_at, start_at__gt=start_at - SHORTEST, is_inferred=False
    )
    return [*later, *(cycle for cycle in short if not cycle.is_well_known)]


def drop_contradicted(contradicted: list[BillingCycle], start_at: datetime, at: datetime) -> set[date]:
    """Remove the cycles; their snapshots go to the one that began at `start_at`. Days whose split changed."""
    before = _turns()
    pks = [cycle.pk for cycle in contradicted]
    snapshots = SpendSnapshot.objects.filter(cycle__in=pks)
    orphans = list(snapshots)
    Reconciliation.objects.filter(cycle__in=pks).delete()
    heir = BillingCycle.objects.filter(start_at=start_at).first()
    if heir is None:
        heir = contradicted[0]
        BillingCycle.objects.filter(pk=heir.pk).update(
            start_at=start_at, end_at=max(_months_from(start_at, 1), at + DAY), is_inferred=False
        )
    heir_keys = set(
        heir.snapshots.exclude(cycle__in=set(pks) - {heir.pk}).values_list("member_id", "taken_at")
    )
    for snapshot in orphans:
        if snapshot.cycle_id == heir.pk:
            continue
        if (snapshot.member_id, snapshot.taken_at) in heir_keys:
            snapshot.delete()
        else:
            SpendSnapshot.objects.filter(pk=snapshot.pk).update(cycle=heir)
            heir_keys.add((snapshot.member_id, snapshot.taken_at))
    BillingCycle.objects.filter(pk__in=set(pks) - {heir.pk}).delete()
    return _changed(before)


def note_named(cycle: BillingCycle, at: datetime) -> None:
    """Remember when the vendor named `cycle` as the running one, first and last."""
    first = cycle.first_named_at or at
    BillingCycle.objects.filter(pk=cycle.pk).update(
        first_named_at=min(first, at), last_named_at=max(cycle.last_named_at or at, at)
    )


def reach_back_to(instant: datetime) -> set[date]:
    """Infer cycles back to the one that `instant` falls into; return the days whose split changed.

    Nothing is inferred while no cycle is known.
    """
    oldest = BillingCycle.objects.order_by("start_at").first()
    anchor = BillingCycle.objects.filter(is_inferred=False).order_by("start_at").first() or oldest
    before, months = _turns(), 0
    while oldest and anchor and oldest.start_at > instant:
        months -= 1
        start_at = _months_from(anchor.start_at, months)
        if start_at < oldest.start_at:
            oldest = BillingCycle.objects.create(start_at=start_at, end_at=oldest.start_at, is_inferred=True)
    return _changed(before)


def of_day(day: date) -> BillingCycle | None:
    """The cycle that begins on `day`, at whatever time, or else the one that `day` falls into."""
    began = BillingCycle.objects.filter(start_at__date=day).first()
    return began or BillingCycle.objects.at(day_start(day))


def turns(first: date, last: date) -> dict[date, datetime]:
    """The instants at which cycles begin, by day, from `first` to `last`, both included."""
    return {day: at for day, at in _turns().items() if first <= day <= last}


def whole_first_days() -> set[date]:
    """Days that are wholly the first of a cycle, since it begins at their midnight."""
    return {day for day, at in _turns().items() if at == day_start(day)}


def _exact(start_at: datetime) -> datetime:
    """The instant that a day given as its midnight is known by; one known so moves to `start_at`."""
    midnight = day_start(utc_day(start_at))
    of_day = BillingCycle.objects.filter(start_at__gte=midnight, start_at__lt=day_end(utc_day(start_at)))
    latest = of_day.order_by("-start_at").first()
    if latest is None or start_at == midnight:
        return latest.start_at if latest else start_at
    if latest.start_at == midnight:
        BillingCycle.objects.filter(pk=latest.pk).update(start_at=start_at)
    return start_at


def _months_from(start_at: datetime, months: int) -> datetime:
    """When a cycle begins `months` after the one of `start_at`: on the 31st again after a shorter month."""
    first, last = months_later(start_at, -2), months_later(start_at, 2)
    near = BillingCycle.objects.filter(is_inferred=False, start_at__gte=first, start_at__lte=last)
    days = [utc_day(instant).day for instant in near.values_list("start_at", flat=True)]
    is_cut = utc_day(start_at + timedelta(days=1)).day == 1
    return months_later(start_at, months, day=max([start_at.day, *days]) if is_cut else None)


def _join_predecessor(cycle: BillingCycle) -> None:
    """End the cycle before where this one begins, and fill the gap where some were missed."""
    previous = BillingCycle.objects.filter(start_at__lt=cycle.start_at).order_by("-start_at").first()
    months, start_at = 0, cycle.start_at
    while previous and previous.end_at < start_at - SLACK:
        months -= 1
        end_at, start_at = start_at, _months_from(cycle.start_at, months)
        start_at = max(start_at, previous.end_at)
        BillingCycle.objects.create(start_at=start_at, end_at=end_at, is_inferred=True)
    if previous:
        BillingCycle.objects.filter(pk=previous.pk).update(end_at=start_at)


def _turns() -> dict[date, datetime]:
    starts = BillingCycle.objects.order_by("start_at").values_list("start_at", flat=True)
    return {utc_day(start_at): start_at for start_at in starts}


def _changed(before: dict[date, datetime]) -> set[date]:
    """Days that gained, lost or moved their turning instant."""
    return {day for day, _ in set(before.items()) ^ set(_turns().items())}
