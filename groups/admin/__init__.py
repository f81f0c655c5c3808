"""Groups in the admin: groups themselves, who is in them, and imports."""

from .budgets import BudgetSettingsAdmin, BudgetStepAdmin, CycleBudgetAdmin
from .groups import GroupAdmin
from .imports import GroupImportAdmin
from .members import AssignmentHistoryAdmin, MemberPlaceAdmin

__all__ = [
    "AssignmentHistoryAdmin",
    "BudgetSettingsAdmin",
    "BudgetStepAdmin",
    "CycleBudgetAdmin",
    "GroupAdmin",
    "GroupImportAdmin",
    "MemberPlaceAdmin",
]
