from datetime import UTC, datetime

import pytest
from django.db import transaction

from collector.base import changes
from collector.models import Member

NOW = datetime(2026, 3, 1, tzinfo=UTC)


@pytest.mark.django_db(transaction=True)
def test_a_commit_changes_the_mark_for_everybody_and_a_rollback_does_not():
    Member.objects.create(email="a@example.com", first_seen_at=NOW, last_seen_at=NOW)
    before = changes.current_mark()
    with pytest.raises(RuntimeError), transaction.atomic():
        Member.objects.update(name="never")
        assert changes.current_mark() != before
        raise RuntimeError
    assert changes.current_mark() == before
    with transaction.atomic():
        Member.objects.update(name="Ana")
    after = changes.current_mark()
    assert after != before
    Member.objects.update(name="Ana Novak")
    assert changes.current_mark() not in (before, after)


@pytest.mark.django_db(transaction=True)
def test_what_is_written_in_the_background_changes_one_part_of_the_mark_alone():
    member = Member.objects.create(email="a@example.com", first_seen_at=NOW, last_seen_at=NOW)
    before = changes.current_mark()
    with changes.in_background():
        Member.objects.update(name="Ana")
    after = changes.current_mark()
    assert after != before
    assert changes.without_background(after) == changes.without_background(before)
    member.save()
    assert changes.without_background(changes.current_mark()) != changes.without_background(before)
    with changes.in_background(), transaction.atomic():
        Member.objects.update(name="Ana Novak")
        # Whoever writes and has not committed sees their own.
        assert changes.without_background(changes.current_mark()) != changes.without_background(after)
