"""The facts: what the vendor said, and totals derived from it. Collecting upserts, it never deletes."""

from collector.base.models import Lease

from .activity import AiCodeCommit, DailyActivity, MemberAnalyticsDay, TeamAnalyticsDay
from .cursor_groups import CursorGroup, CursorGroupMembership, DirectoryGroup
from .doubts import Doubt, RejectedRow
from .people import Member
from .pruning import Pruning
from .requests import RequestSlot, StoredETag
from .runs import Source, SourceRun, Watermark
from .spend import BillingCycle, Reconciliation, SpendSnapshot
from .usage import MemberModelDay, UsageEvent

__all__ = [
    "AiCodeCommit",
    "BillingCycle",
    "CursorGroup",
    "CursorGroupMembership",
    "DailyActivity",
    "DirectoryGroup",
    "Doubt",
    "Lease",
    "Member",
    "MemberAnalyticsDay",
    "MemberModelDay",
    "Pruning",
    "Reconciliation",
    "RejectedRow",
    "RequestSlot",
    "Source",
    "SourceRun",
    "SpendSnapshot",
    "StoredETag",
    "TeamAnalyticsDay",
    "UsageEvent",
    "Watermark",
]
