"""Follow-ups of savings when two members are merged."""

from collector.facts.merge_hooks import Merging
from tracker.models import SavingFollowUp


def move_follow_ups(merging: Merging) -> None:
    """Of two about one model the kept member's stays."""
    mine = SavingFollowUp.objects.filter(member_id=merging.keep.pk)
    theirs = SavingFollowUp.objects.filter(member_id=merging.gone.pk)
    merging.journal.delete(theirs.filter(model__in=list(mine.values_list("model", flat=True))))
    merging.journal.move(theirs, merging.keep.pk)
