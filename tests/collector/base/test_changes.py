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
