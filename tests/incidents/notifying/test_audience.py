"""Whom a channel is for, and that no end of a group ever widens it."""

from __future__ import annotations

import io
from collections.abc import Callable
from datetime import UTC, datetime

import pytest

from groups.assignments import changes
from groups.cursor import adopt
from groups.imports.apply import apply, upload
from groups.imports.undo import undo
from groups.models import Assignment, Group, GroupImport
from incidents.channels import email
from incidents.digests import record_digest
from incidents.lifecycle import take_in
from incidents.models import Channel, Notification
from incidents.notifying import messages, outbox
from incidents.notifying.routing import audience, channels_for, has_nobody
from tests.groups.factories import make_cursor_group, make_stay
from tests.incidents.factories import (
    NOON,
    make_anomaly,
    make_channel,
    make_incident,
    make_member,
    run_at,
)
from tracker.ops.doctor import check_channels

pytestmark = pytest.mark.django_db
TODAY = NOON.date()
FILE = "email,name,group\nann@x.io,Ann,Payments\n"


@pytest.fixture
def imported() -> GroupImport:
    """Ann put into the new group Payments by a file."""
    make_member("ann@x.io")
    kept = upload("backup", io.BytesIO(FILE.encode()), name="g.csv", from_day=TODAY, by="ada", now=NOON)
    apply(kept, None, by="ada", now=NOON)
    return kept


def payments() -> Group:
    return Group.objects.get(name="Payments")


def delete_group(kept: GroupImport) -> None:
    changes.delete(payments(), by="x", now=NOON)


def merge_group(kept: GroupImport) -> None:
    changes.merge(payments(), changes.create("Billing", now=NOON), by="x", now=NOON)


def undo_import(kept: GroupImport) -> None:
    undo(kept, by="x", now=NOON)


def delete_row(kept: GroupImport) -> None:
    undo_import(kept)
    Group.objects.filter(name="Payments").delete()


def merge_in_a_ring(kept: GroupImport) -> None:
    other = changes.create("Billing", now=NOON)
    changes.merge(payments(), other, by="x", now=NOON)
    Group.objects.filter(pk=other.pk).update(closed_day=TODAY, merged_into=payments())


ENDS: dict[str, tuple[Callable[[GroupImport], None], bool]] = {
    # how the group ends, and whether its channel still hears of Ann
    "open": (lambda kept: None, True),
    "deleted": (delete_group, False),
    "merged": (merge_group, True),
    "import undone": (undo_import, False),
    "row deleted": (delete_row, False),
    "merged in a ring": (merge_in_a_ring, False),
}


@pytest.mark.parametrize("kind_of_audience", Channel.Audience.values)
@pytest.mark.parametrize("end", ENDS)
def test_no_end_of_a_group_widens_an_audience(imported, kind_of_audience, end):
    channel = make_channel("email", audience=kind_of_audience, target="")
    if kind_of_audience == "groups":
        channel.groups.add(payments())
    about_ann, about_stranger = make_incident(make_member("ann@x.io")), make_incident(make_member("ceo@x.io"))
    end_group, still_hears = ENDS[end]

    end_group(imported)

    channel = Channel.objects.get()
    is_for_groups = kind_of_audience == "groups"
    assert channels_for(about_ann, NOON) == ([channel] if still_hears or not is_for_groups else [])
    assert channels_for(about_stranger, NOON) == ([] if is_for_groups else [channel])
    assert has_nobody(channel, TODAY) is (is_for_groups and not still_hears)
    if kind_of_audience == "everybody":
        assert audience(channel, TODAY) is None
    elif kind_of_audience == "member":
        assert audience(channel, TODAY) == frozenset()
        assert email.recipients(channel, messages.alert([about_ann])) == ["ann@x.io"]
    else:
        assert bool(audience(channel, TODAY)) is still_hears


@pytest.mark.parametrize("end", [name for name, (_, still_hears) in ENDS.items() if not still_hears])
def test_a_channel_without_its_groups_gets_nothing_and_doctor_says_so(imported, end, mailbox):
    channel = make_channel("email", audience="groups")
    channel.groups.add(payments())
    make_anomaly(make_member("ann@x.io"))
    take_in(run_at(NOON), NOON)
    escalating = make_channel("webhook", escalate_to=channel, escalate_after_minutes=1)
    ENDS[end][0](imported)

    make_anomaly(make_member("ceo@x.io"))
    take_in(run_at(NOON), NOON)
    Notification.objects.filter(channel=escalating).update(status="given_up")
    report = outbox.deliver_due(NOON)

    assert (report.sent, report.escalated, mailbox.mails) == (0, 0, [])
    assert "are deleted" in Notification.objects.get(channel=channel).error
    assert record_digest("weekly", datetime(2026, 3, 2, 9, tzinfo=UTC)) == [f"weekly: {escalating}"]
    (finding,) = [line for line in check_channels(NOON) if line.subject == f"channel: {channel}"]
    assert finding.verdict.value == "warn" and "nobody" in finding.text


def test_undoing_an_import_makes_no_ring_of_merged_groups(imported):
    """Old was merged into New; a file opened it again, then New was merged into Old, and everybody left."""
    undo(imported, by="x", now=NOON)
    old, new = changes.create("Old", now=NOON), changes.create("New", now=NOON)
    changes.merge(old, new, by="x", now=NOON)
    text = FILE.replace("Payments", "Old")
    kept = upload("backup", io.BytesIO(text.encode()), name="g.csv", from_day=TODAY, by="ada", now=NOON)
    apply(kept, None, by="ada", now=NOON)
    changes.merge(Group.objects.get(pk=new.pk), Group.objects.get(pk=old.pk), by="x", now=NOON)
    undo(kept, by="x", now=NOON)
    old.refresh_from_db()
    assert (old.closed_day, old.merged_into) == (TODAY, None)
    assert Group.objects.get(pk=new.pk).heir(TODAY) is None


def test_groups_that_are_merged_in_a_ring_hang_neither_routing_nor_the_adoption_of_cursors_groups(imported):
    ring = make_cursor_group("Ring")
    adopt(NOON)
    merge_in_a_ring(imported)
    Group.objects.filter(cursor_group=ring).update(closed_day=TODAY, merged_into=payments())
    make_stay(make_member("bob@x.io"), ring, TODAY)
    adopt(NOON)
    assert payments().heir(TODAY) is None
    assert not Assignment.objects.filter(member__email="bob@x.io", group__isnull=False).exists()
