"""The facts: what the vendor said, and totals derived from it. Collecting upserts, it never deletes."""

from collector.base.models import Lease

from .activity import AiCodeCommit, DailyActivity, MemberAnalyticsDay, TeamAnalyticsDay
from .cursor_groups import CursorGroup, CursorGroupMembership, DirectoryGroup
from .doubts import Doubt, RejectedRow
from .merges import MemberMerge, MergePart
from .people import Member, MemberAddress
from .pruning import Pruning
from .requests import RequestSlot, StoredETag
from .runs import Source, SourceRun, Watermark
from .spend import BillingCycle, Reconciliation, SpendSnapshot
from .sums import MemberActivityWeek, MemberModelWeek, MemberRequestWeek, TeamModelDay
from .totals import AGENT_SURFACES, MemberModelDay, MemberModelHour, Surface
from .usage import UsageEvent
