"""A usage export imported while its members are merged."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from collector.facts.merging import merge_members
from collector.imports.events import EventWriter
from collector.imports.usage import import_usage
from collector.models import Member, UsageEvent
from tests.collector.imports.rows import ONE, TEAM

AT = datetime(2026, 8, 1, 9, tzinfo=UTC)


@pytest.mark.django_db
def test_an_import_follows_members_who_are_merged_while_it_runs(write, monkeypatch):
    import_usage(write(TEAM + ONE), AT)
    ann, prepare = Member.objects.get(), EventWriter._prepare

    def merge_afterwards(importing, drafts) -> None:
        prepare(importing, drafts)
        merge_members(ann, Member.objects.get(email="bob@x.io"), by="admin", now=AT)

    monkeypatch.setattr(EventWriter, "_prepare", merge_afterwards)
    import_usage(write(TEAM + ONE.replace("Ann@", "Bob@").replace("10:00", "11:00")), AT)
    assert [event.member for event in UsageEvent.objects.all()] == [ann, ann]
