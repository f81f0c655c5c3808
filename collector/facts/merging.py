"""Two members who are one: everything of the one moves to the other, in one transaction, and back again.

Each floor registers how its rows move when the apps are ready. What must not collide is settled there.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass
from datetime import datetime
from decimal import Decimal

from django.db import transaction
from django.db.models import Sum

from collector.base.upsert import writing
from collector.models import Member, MemberAddress, MemberMerge, MemberModelDay, UsageEvent

from . import merged_rows, merged_totals
from .journal import Journal
from .merge_hooks import MOVERS, Merging


class MergeRefused(Exception):
    """The two cannot be merged, or not separated; the message says why."""


@dataclass(frozen=True)
class MemberSums:
    """What a member has: the usage events and, over all days, the spend in cents."""

    events: int
    cents: str

    @classmethod
    def count(cls, *member_ids: int) -> MemberSums:
        days = MemberModelDay.objects.filter(member_id__in=member_ids)
        spent = days.aggregate(spent=Sum("total_cents"))["spent"] or Decimal(0)
        return cls(UsageEvent.objects.filter(member_id__in=member_ids).count(), str(spent))


def merge_members(keep: Member, gone: Member, *, by: str, now: datetime, reason: str = "") -> MemberMerge:
    """Move everything of `gone` to `keep` and delete `gone`, whose address then leads to `keep`.

    MergeRefused where they cannot be one.
    """
    _check_pair(keep, gone)
    with writing():
        before = {"kept": asdict(MemberSums.count(keep.pk)), "gone": asdict(MemberSums.count(gone.pk))}
        merging = Merging(keep, gone, by, now, Journal())
        for move in (merged_rows.move_facts, merged_totals.move_totals, *MOVERS):
            move(merging)
        _join_members(merging)
        return MemberMerge.objects.create(
            kept_pk=keep.pk,
            kept_email=keep.email,
            gone_pk=gone.pk,
            gone_email=gone.email,
            reason=reason,
            merged_by=by,
            merged_at=now,
            counts=dict(merging.journal.counts),
            sums={**before, "after": asdict(MemberSums.count(keep.pk))},
            steps=merging.journal.steps,
        )


def preview_merge(keep: Member, gone: Member, *, by: str, now: datetime) -> MemberMerge:
    """What merging would move, and the sums before and after: merged and taken back in one transaction."""
    with transaction.atomic():
        record = merge_members(keep, gone, by=by, now=now)
        transaction.set_rollback(True)
    record.pk = None
    return record


def undo_merge(record: MemberMerge, *, by: str, now: datetime) -> None:
    """Put back what the merge changed. What has been collected since stays with the member that was kept."""
    with writing():
        record.refresh_from_db()
        _check_undo(record)
        kept = Member.objects.get(pk=record.kept_pk)
        MemberAddress.objects.filter(email=record.gone_email).delete()
        if kept.email == record.gone_email:  # it has taken over the address since
            MemberAddress.objects.filter(email=record.kept_email).delete()
            Member.objects.filter(pk=kept.pk).update(email=record.kept_email)
        Journal(record.steps).undo()
        merged_totals.recompute_separated(record, now)
        record.undone_by, record.undone_at = by, now
        record.save(update_fields=["undone_by", "undone_at"])


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
    if Member.objects.filter(email=record.gone_email).exclude(pk=record.kept_pk).exists():
        raise MergeRefused(f"A member with the address {record.gone_email} exists again.")


def _join_members(merging: Merging) -> None:
    """Let `keep` know what only `gone` knew, then delete `gone`."""
    keep, gone, journal = merging.keep, merging.gone, merging.journal
    known = {
        name: getattr(gone, name)
        for name in ("name", "role", "cursor_id", "numeric_id", "picture_url")
        if getattr(gone, name) and not getattr(keep, name)
    }
    seen = {
        "first_seen_at": min(keep.first_seen_at, gone.first_seen_at),
        "last_seen_at": max(keep.last_seen_at, gone.last_seen_at),
    }
    if gone.gone_at is None and not gone.is_removed:
        known |= {"gone_at": None, "is_removed": False}
    journal.change(Member.objects.filter(pk=keep.pk), **known, **seen)
    journal.delete(Member.objects.filter(pk=gone.pk))
    journal.delete(MemberAddress.objects.filter(email=gone.email))
    address = MemberAddress(email=gone.email, member=keep, noted_at=merging.now)
    journal.create([address])
