"""Assignments and budgets when two members are merged."""

from django.db import models

from collector.facts.merge_hooks import Merging
from groups.budgets.models import BudgetStep, CycleBudget
from groups.models import Assignment


def move_assignments(merging: Merging) -> None:
    """The kept member's own win on the same day, and Cursor's word does not replace what is set here."""
    keep, gone, journal = merging.keep.pk, merging.gone.pk, merging.journal
    mine, theirs = Assignment.objects.filter(member_id=keep), Assignment.objects.filter(member_id=gone)
    journal.delete(theirs.filter(from_day__in=list(mine.values_list("from_day", flat=True))))
    local = mine.exclude(source=Assignment.SetBy.CURSOR).order_by("from_day").first()
    if local:
        journal.delete(theirs.filter(source=Assignment.SetBy.CURSOR, from_day__gt=local.from_day))
    journal.move(theirs, keep)
    _move_history(merging, Assignment.history.model)


def move_budgets(merging: Merging) -> None:
    """The kept member's budget wins; a step that was reported is not reported again."""
    keep, gone, journal = merging.keep.pk, merging.gone.pk, merging.journal
    budgets = CycleBudget.objects.filter(member_id=gone)
    if CycleBudget.objects.filter(member_id=keep).exists():
        journal.delete(budgets)
    journal.move(budgets, keep)
    _move_history(merging, CycleBudget.history.model)
    reached = BudgetStep.objects.filter(target=f"member:{keep}").values_list("cycle_id", "percent")
    steps = BudgetStep.objects.filter(target=f"member:{gone}")
    for step in steps:
        row = steps.filter(pk=step.pk)
        if (step.cycle_id, step.percent) in set(reached):
            journal.delete(row)
        else:
            journal.change(row, target=f"member:{keep}")


def _move_history(merging: Merging, history: type[models.Model]) -> None:
    rows = history._base_manager.filter(member_id=merging.gone.pk)
    merging.journal.move(rows, merging.keep.pk)
