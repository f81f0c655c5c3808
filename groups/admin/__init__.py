"""Groups in the admin: groups themselves, who is in them, and imports."""

from .groups import GroupAdmin
from .imports import GroupImportAdmin
from .members import AssignmentHistoryAdmin, MemberPlaceAdmin

__all__ = ["AssignmentHistoryAdmin", "GroupAdmin", "GroupImportAdmin", "MemberPlaceAdmin"]
