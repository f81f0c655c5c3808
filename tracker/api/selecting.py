"""The API's query parameters as the filters of reports."""

from django.utils import timezone

from collector.base.days import utc_day
from collector.collecting import freshness
from groups import tree
from groups.small import look_back_to
from tracker.access.privacy import visible_ids
from tracker.access.request import AccessRequest
from tracker.api.errors import ApiError
from tracker.filters import Filters
from tracker.periods import Period, whole_days


def filters_for(
    request: AccessRequest, days: int, *, group: str = "", period: Period | None = None
) -> Filters:
    """The `days` whole days before today, or `period`, of whom the caller may see; 404: no such group."""
    now = timezone.now()
    period = period or whole_days(days, now, known_until=freshness.known_until(now))
    look_back_to(period.first)
    return Filters(
        period=period,
        now=now,
        group=find_group(group) if group else None,
        visible=visible_ids(request.access, utc_day(now)),
    )


def find_group(path: str) -> tree.GroupOption:
    option = tree.option_for(path, tree.options(with_closed=True))
    if not option.group_ids:
        raise ApiError(404, f"There is no group “{path}”. GET /api/groups lists them.")
    return option
