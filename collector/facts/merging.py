"""Two members who are one: everything of the one moves to the other, and back again.

A member may have years of usage, so it moves day by day in short transactions, of which each leaves every sum
right; everything else moves with the last. One that was killed half-way goes on where it stopped, when it is
asked for again or with the next collection. Each floor registers how its rows move when the apps are ready;
what must not collide is settled there.
"""

from __future__ import annotations

import logging
from collections import Counter
from dataclasses import asdict, dataclass
from datetime import date, datetime
from decimal import Decimal
from functools import partial

from django.db import IntegrityError, transaction
from django.db.models import Q, Sum

from collector.base.connections import drop_if_dead
from collector.base.days import day_end, day_start
from collector.base.short_transactions import ShortTransactions
from collector.base.upsert import writing
from collector.models import Member, MemberAddress, MemberMerge, MemberModelDay, MergePart, UsageEvent

from . import merged_rows, merged_totals
from .journal import Journal
from .merge_hooks import MOVERS, Merging

log = logging.getLogger(__name__)


class MergeRefused(Exception):
    """The two cannot be merged, or not separated; the message says why."""


@dataclass(frozen=True)
class MemberSums:
    """What a member has: the usage events and, over all days, the spend in cents."""

    events: int
    cents: str

    @classmethod
    def count(cls, member_id: int, day: date | None = None) -> MemberSums:
        """All of it, or of one day."""
        days = MemberModelDay.objects.filter(member_id=member_id)
        events = UsageEvent.objects.filter(member_id=member_id)
        if day:
            days, events = days.filter(day=day), events.between(day_start(day), day_end(day))
        spent = days.aggregate(spent=Sum("total_cents"))["spent"] or Decimal(0)
        return cls(events.count(), str(spent))

    def changed(self, before: MemberSums, after: MemberSums) -> MemberSums:
        """These sums, where a day's have become others."""
        cents = Decimal(self.cents) + Decimal(after.cents) - Decimal(before.cents)
        return MemberSums(self.events + after.events - before.events, str(cents))


def merge_members(keep: Member, gone: Member, *, by: str, now: datetime, reason: str = "") -> MemberMerge:
    """Move everything of `gone` to `keep` and delete `gone`, whose address then leads to `keep`.

    MergeRefused where they cannot be one. Goes on with a merge of the two that was interrupted.
    """
    record = begin_merge(keep, gone, by=by, now=now, reason=reason)
    _go_on(record, now)
    return record


def begin_merge(keep: Member, gone: Member, *, by: str, now: datetime, reason: str = "") -> MemberMerge:
    """Record that the two are to be merged; the next collection does it if nobody does it before."""
    _check_pair(keep, gone)
    with writing():
        begun = _interrupted(keep, gone)
        if Member.objects.filter(pk__in=(keep.pk, gone.pk)).count() < 2:
            raise MergeRefused("One of the two has just been merged into another member.")
        if begun:
            return begun
        record = _record_of(keep, gone, by, now, reason)
        record.save()
        return record


def finish_merges(now: datetime) -> list[MemberMerge]:
    """Finish merges that were interrupted; return those that cannot be finished, as the log explains."""
    unfinished = []
    # One that was begun after its member had been merged moved nothing, and would stand in the way for ever.
    begun = MemberMerge.objects.under_way().filter(undone_by="", parts__isnull=True)
    begun.exclude(gone_pk__in=Member.objects.values("pk")).delete()
    for record in MemberMerge.objects.under_way():
        try:
            if record.undone_by:
                undo_merge(record, by=record.undone_by, now=now)
            else:
                _go_on(record, now)
        except MergeRefused as refused:
            log.warning("%s stays unfinished: %s", record, refused)
            unfinished.append(record)
        except Exception:  # one merge must not keep the collection from its work, hour after hour
            log.exception("%s stays unfinished", record)
            drop_if_dead()
            unfinished.append(record)
    return unfinished


def _go_on(record: MemberMerge, now: datetime) -> None:
    """Move whatever has not moved yet; nothing where another process has finished the merge."""
    days = merged_totals.usage_days(record.gone_pk)
    ShortTransactions().run([partial(_move_part, record, now, day) for day in days])
    for is_last_try in (False, False, True):
        try:
            with writing():
                _finish(record, now)
            break
        except IntegrityError:  # a run has just written a row about the one that goes
            if is_last_try:
                raise
    record.refresh_from_db()


def preview_merge(keep: Member, gone: Member, *, by: str, now: datetime) -> MemberMerge:
    """What merging would move, and the sums before and after: merged and taken back part by part."""
    _check_pair(keep, gone)
    record = _record_of(keep, gone, by, now)
    counts: Counter[str] = Counter()
    sums = [MemberSums(**record.sums["kept"])]

    def try_part(day: date | None) -> None:
        before = MemberSums.count(keep.pk, day)
        with transaction.atomic():
            merging = Merging(keep, gone, by, now, Journal())
            _move_rows(merging, day)
            counts.update(merging.journal.counts)
            if day:
                sums.append(sums[-1].changed(before, MemberSums.count(keep.pk, day)))
            transaction.set_rollback(True)

    days = merged_totals.usage_days(gone.pk)
    ShortTransactions().run([partial(try_part, day) for day in [*days, None]])
    record.counts, record.sums["after"] = dict(counts), asdict(sums[-1])
    return record


def undo_merge(record: MemberMerge, *, by: str, now: datetime) -> None:
    """Put back what the merge changed. What has been collected since stays with the member that was kept.

    This also runs part by part, and continues where it was interrupted.
    """
    with writing():
        record.refresh_from_db()
        _check_undo(record)
        if not record.undone_by:
            _give_addresses_back(record)
            record.undone_by = by
            record.save(update_fields=["undone_by"])
            # Brings `gone` back in the same transaction, before a collection makes a member of its address.
            _undo_last_part(record, now)
    parts = record.parts.count()
    ShortTransactions().run([lambda: _undo_last_part(record, now)] * parts)
    with writing():
        while _undo_last_part(record, now):
            pass
        MemberMerge.objects.filter(pk=record.pk, undone_at__isnull=True).update(undone_at=now)
    record.refresh_from_db()


def _record_of(keep: Member, gone: Member, by: str, now: datetime, reason: str = "") -> MemberMerge:
    return MemberMerge(
        kept_pk=keep.pk,
        kept_email=keep.email,
        gone_pk=gone.pk,
        gone_email=gone.email,
        reason=reason,
        merged_by=by,
        merged_at=now,
        sums={"kept": asdict(MemberSums.count(keep.pk)), "gone": asdict(MemberSums.count(gone.pk))},
    )


def _move_rows(merging: Merging, day: date | None) -> None:
    """Move the day's events and totals together, so that every sum stays right; without a day the rest."""
    if day:
        merged_rows.move_events(merging, day)
        merged_totals.move_day(merging, day)
        return
    # In the order in which members are locked to be placed in groups: each would wait for the other's rows.
    affected = Q(pk__in=(merging.keep.pk, merging.gone.pk)) | Q(owner=merging.gone)
    len(Member.objects.select_for_update(no_key=True).filter(affected).order_by("pk"))
    for move in (merged_rows.move_facts, *MOVERS):
        move(merging)


def _finish(record: MemberMerge, now: datetime) -> None:
    """Move the usage that came meanwhile and everything else, and join the two."""
    for day in merged_totals.usage_days(record.gone_pk):
        _move_part(record, now, day)
    if _move_part(record, now):
        sums = {**record.sums, "after": asdict(MemberSums.count(record.kept_pk))}
        MemberMerge.objects.filter(pk=record.pk).update(finished_at=now, sums=sums)


def _move_part(record: MemberMerge, now: datetime, day: date | None = None) -> bool:
    """Move the day's usage, or without a day the rest, after which the two are one; keep how to undo it.

    False where the merge is over or is being undone.
    """
    still = MemberMerge.objects.filter(pk=record.pk, finished_at__isnull=True, undone_by="").first()
    if still is None:
        return False
    keep, gone = (Member.objects.get(pk=pk) for pk in (record.kept_pk, record.gone_pk))
    merging = Merging(keep, gone, record.merged_by, now, Journal())
    _move_rows(merging, day)
    if day is None:
        _join_members(merging)
    if merging.journal.steps:
        MergePart.objects.create(merge=still, day=day, steps=merging.journal.steps)
    still.counts = dict(Counter(still.counts) + merging.journal.counts)
    still.save(update_fields=["counts"])
    return True


def _undo_last_part(record: MemberMerge, now: datetime) -> bool:
    """Take back the last part that still stands; False where none does."""
    part = record.parts.order_by("pk").last()
    if part is None:
        return False
    Journal(part.steps).undo()
    merged_totals.recompute_separated(record, part.day, now)
    part.delete()
    return True


def _give_addresses_back(record: MemberMerge) -> None:
    if record.finished_at is None:
        return
    member = Member.objects.get(pk=record.kept_pk)
    MemberAddress.objects.filter(email=record.gone_email).delete()
    if member.email == record.gone_email:  # it has taken over the address since
        MemberAddress.objects.filter(email=record.kept_email).delete()
        Member.objects.filter(pk=member.pk).update(email=record.kept_email)


def _interrupted(keep: Member, gone: Member) -> MemberMerge | None:
    """The merge of these two that is under way; MergeRefused where one of them is in another."""
    pks = (keep.pk, gone.pk)
    for record in MemberMerge.objects.under_way().filter(Q(kept_pk__in=pks) | Q(gone_pk__in=pks)):
        if (record.kept_pk, record.gone_pk, record.undone_by) == (*pks, ""):
            return record
        raise MergeRefused(f"{record} is still under way, or being undone. Wait until it is complete.")
    return None


def _check_pair(keep: Member, gone: Member) -> None:
    if keep.pk == gone.pk:
        raise MergeRefused("Choose two different members.")
    if Member.Kind.UNATTRIBUTED in (keep.kind, gone.kind):
        raise MergeRefused("Unattributed spend cannot be merged into a member.")
    if keep.kind != gone.kind:
        raise MergeRefused("A person and a service account cannot be merged.")


def _check_undo(record: MemberMerge) -> None:
    if record.undone_at:
        raise MergeRefused("This merge has already been undone.")
    if not Member.objects.filter(pk=record.kept_pk).exists():
        raise MergeRefused(
            f"{record.kept_email} has since been merged into another member. Undo that merge first."
        )
    later = MemberMerge.objects.in_force().filter(kept_pk=record.kept_pk, pk__gt=record.pk).first()
    if later:
        raise MergeRefused(f"Undo the later merge first: {later}.")
    pair = (record.kept_pk, record.gone_pk)
    if Member.objects.filter(email=record.gone_email).exclude(pk__in=pair).exists():
        raise MergeRefused(f"A member with the address {record.gone_email} exists again.")


def _join_members(merging: Merging) -> None:
    """Copy to `keep` what only `gone` had, then delete `gone`."""
    keep, gone, journal = merging.keep, merging.gone, merging.journal
    learnt = {
        name: getattr(gone, name)
        for name in ("name", "role", "cursor_id", "numeric_id", "picture_url")
        if getattr(gone, name) and not getattr(keep, name)
    }
    seen = {
        "first_seen_at": min(keep.first_seen_at, gone.first_seen_at),
        "last_seen_at": max(keep.last_seen_at, gone.last_seen_at),
    }
    if gone.gone_at is None and not gone.is_removed:
        learnt |= {"gone_at": None, "is_removed": False}
    journal.change(Member.objects.filter(pk=keep.pk), **learnt, **seen)
    journal.delete(Member.objects.filter(pk=gone.pk))
    journal.delete(MemberAddress.objects.filter(email=gone.email))
    address = MemberAddress(email=gone.email, member=keep, noted_at=merging.now)
    journal.create([address])
