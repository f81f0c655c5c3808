"""Suggestions that were followed up, and what they have saved since."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from django.db.models import F, OuterRef, QuerySet, Subquery, Sum
from django.db.models.functions import TruncDate

from collector.base.days import utc_day
from collector.base.statements import prepared
from collector.models import MemberModelDay
from detection.frame.tokens import weighed
from tracker.models import SavingFollowUp
from tracker.reports.people import Person
from tracker.reports.savings import Saving
from tracker.widgets.palette import display_name

# What a suggestion is measured by: the days before it is raised.
BEFORE_DAYS = 30


@dataclass(frozen=True)
class Realised:
    """A follow-up with what it has saved since the day after it was raised. Money in cents."""

    follow_up: SavingFollowUp
    person: Person
    saved: float
    estimated: float  # had the expensive model not been used at all since

    @property
    def model(self) -> str:
        return display_name(self.follow_up.model)

    @property
    def instead(self) -> str:
        return display_name(self.follow_up.instead)

    @property
    def is_declined(self) -> bool:
        return self.follow_up.state == SavingFollowUp.State.DECLINED


def follow_up(
    member_id: int, saving: Saving, state: str, reason: str, *, by: str, now: datetime
) -> SavingFollowUp:
    """Record what became of a suggestion. A later change of state leaves what it is measured by."""
    share = token_share(member_id, saving.model.key, now)
    row, is_new = SavingFollowUp.objects.get_or_create(
        member_id=member_id,
        model=saving.model.key,
        defaults={
            "instead": saving.instead.key, "state": state, "reason": reason, "raised_at": now,
            "changed_at": now, "changed_by": by, "token_share": share,
            "cents_per_token": saving.cents_per_token_saved,
        },
    )  # fmt: skip
    if not is_new:
        change_state(row, state, reason, by=by, now=now)
    return row


def change_state(row: SavingFollowUp, state: str, reason: str, *, by: str, now: datetime) -> None:
    row.state, row.reason, row.changed_by, row.changed_at = state, reason, by, now
    row.save(update_fields=["state", "reason", "changed_by", "changed_at"])


def token_share(member_id: int, model: str, now: datetime) -> float:
    """The part of the member's tokens that the model had in the BEFORE_DAYS whole days before today."""
    today = utc_day(now)
    tokens = _tokens_by_model(member_id, today - timedelta(days=BEFORE_DAYS), today - timedelta(days=1))
    whole = sum(tokens.values())
    return tokens.get(model, 0.0) / whole if whole else 0.0


def realised(
    people: Mapping[int, Person], now: datetime, visible: Collection[int] | None = None
) -> list[Realised]:
    """Every follow-up about whom the reader may see, the newest first. One query."""
    rows = _followed(utc_day(now), None if visible is None else frozenset(visible))
    return [_measure(row, people[row.member_id], row.all_tokens or 0.0, row.tokens or 0.0) for row in rows]


@prepared
def _followed(today: date, visible: frozenset[int] | None) -> QuerySet:
    rows = SavingFollowUp.objects.annotate(raised_day=TruncDate("raised_at"))
    rows = rows if visible is None else rows.filter(member__in=visible)
    return rows.annotate(
        all_tokens=_tokens_since(today), tokens=_tokens_since(today, model=OuterRef("model"))
    )


def _tokens_since(today: date, **narrowed: OuterRef) -> Subquery:
    """A follow-up's member's tokens of the whole days since the one on which it was raised."""
    rows = MemberModelDay.objects.filter(
        member=OuterRef("member"), day__gt=OuterRef("raised_day"), day__lt=today, **narrowed
    )
    sums = rows.order_by().values("member").annotate(tokens=Sum(weighed(F), default=0.0))
    return Subquery(sums.values("tokens"))


def _measure(row: SavingFollowUp, person: Person, all_tokens: float, tokens: float) -> Realised:
    expected = row.token_share * all_tokens
    saved = max(expected - tokens, 0.0) * row.cents_per_token
    if row.state == SavingFollowUp.State.DECLINED:
        saved = 0.0
    return Realised(row, person, saved, expected * row.cents_per_token)


def _tokens_by_model(member_id: int, first: date, last: date) -> dict[str, float]:
    """The member's tokens by model, in input tokens' worth, `first` to `last`, both included. One query."""
    rows = MemberModelDay.objects.filter(member=member_id, day__gte=first, day__lte=last)
    return dict(rows.order_by().values_list("model").annotate(tokens=Sum(weighed(F), default=0.0)))
