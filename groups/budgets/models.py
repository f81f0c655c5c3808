"""Agreed dollars of a billing cycle, and the steps of them that were reached."""

from decimal import Decimal

from django.core.exceptions import ValidationError
from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.db.models import Q
from simple_history.models import HistoricalRecords
from solo.models import SingletonModel

from collector.base.fields import CentsField
from collector.models import BillingCycle, Member

MOST_DOLLARS = 10_000_000
TEAM = "team"  # the target of the whole team's budget


def parse_steps(text: str) -> tuple[int, ...]:
    """Percentages such as `50, 80, 100`, ascending; ValidationError where one is not a whole number."""
    try:
        steps = {int(part) for part in text.replace("%", "").split(",") if part.strip()}
    except ValueError:
        raise ValidationError("Write whole percentages separated by commas, such as 50, 80, 100.") from None
    if any(not 1 <= step <= 1000 for step in steps):
        raise ValidationError("A step is between 1 and 1000 percent.")
    return tuple(sorted(steps))


def check_steps(text: str) -> None:
    """ValidationError unless `text` is a list of percentages."""
    parse_steps(text)


class BudgetSettings(SingletonModel):
    """The one row holds what all budgets share. The team's own amount is in the detection settings."""

    member_budget_dollars = models.DecimalField(
        "budget per member ($)",
        max_digits=10,
        decimal_places=2,
        default=Decimal(0),
        validators=[MinValueValidator(0), MaxValueValidator(MOST_DOLLARS)],
        help_text="What each member may spend in a billing cycle, for example 200. A member's own budget "
        "replaces it. 0 is off.",
    )
    steps = models.CharField(
        max_length=60,
        default="50, 80, 100",
        validators=[check_steps],
        help_text="Percentages of a budget at which the channels are notified, each once per billing "
        "cycle. If empty, nobody is notified.",
    )
    notifies_of_members = models.BooleanField(
        "notify about members' budgets",
        default=True,
        help_text="Off: only budget steps of the team and of groups are sent.",
    )

    seat_dollars = models.DecimalField(
        "price of a seat ($ a month)",
        max_digits=8,
        decimal_places=2,
        default=Decimal(0),
        db_default=Decimal(0),
        validators=[MinValueValidator(0), MaxValueValidator(MOST_DOLLARS)],
        help_text="US dollars a month that your contract charges for one seat, for example 40. Unused "
        "seats are then shown in dollars. 0 means unknown.",
    )

    history = HistoricalRecords()

    class Meta:
        verbose_name = verbose_name_plural = "budget settings"

    def __str__(self) -> str:
        return "budget settings"

    @property
    def percentages(self) -> tuple[int, ...]:
        return parse_steps(self.steps)


class CycleBudget(models.Model):
    """One row is the budget of one group, with every group below it, or of one member, per billing cycle."""

    group = models.OneToOneField(
        "groups.Group",
        on_delete=models.CASCADE,
        null=True,
        blank=True,
        related_name="budget",
        help_text="The budget covers this group and every group below it.",
    )
    member = models.OneToOneField(
        Member, on_delete=models.CASCADE, null=True, blank=True, related_name="budget"
    )
    amount_dollars = models.DecimalField(
        "amount ($)",
        max_digits=10,
        decimal_places=2,
        validators=[
            MinValueValidator(Decimal("0.01"), "A budget must be more than 0. To have no budget, delete it."),
            MaxValueValidator(MOST_DOLLARS),
        ],
        help_text="US dollars per billing cycle, for example 2500.",
    )

    history = HistoricalRecords()

    class Meta:
        verbose_name = "budget"
        ordering = ["group__name", "member__email"]
        constraints = [
            models.CheckConstraint(
                condition=Q(group__isnull=False, member__isnull=True)
                | Q(group__isnull=True, member__isnull=False),
                name="cyclebudget_group_or_member",
                violation_error_message="A budget belongs to either a group or a member. Choose one of the "
                "two.",
            ),
            models.CheckConstraint(
                condition=Q(amount_dollars__gt=0),
                name="cyclebudget_more_than_nothing",
                violation_error_message="A budget must be more than 0. To have no budget, delete it.",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.group or self.member}: ${self.amount_dollars:,.2f}"


class BudgetStepQuerySet(models.QuerySet["BudgetStep"]):
    def reached_in(self, cycle: BillingCycle) -> set[tuple[str, int]]:
        """Target and percent of every step already reached in `cycle`. One query."""
        return set(self.filter(cycle=cycle).values_list("target", "percent"))


class BudgetStep(models.Model):
    """One row is one step of one budget that was reached in one billing cycle: it is reported once."""

    cycle = models.ForeignKey(BillingCycle, on_delete=models.CASCADE, related_name="budget_steps")
    target = models.CharField(max_length=40, help_text="team, group:ID or member:ID.")
    percent = models.PositiveSmallIntegerField()
    budget_cents = CentsField(help_text="The budget at the time when the step was reached.")
    spent_cents = CentsField(help_text="The spend at that time.")
    reached_at = models.DateTimeField(help_text="When it was noticed.")

    objects = BudgetStepQuerySet.as_manager()

    class Meta:
        ordering = ["-reached_at"]
        constraints = [
            models.UniqueConstraint(fields=["cycle", "target", "percent"], name="budgetstep_once_per_cycle"),
        ]

    def __str__(self) -> str:
        return f"{self.target} {self.percent} % of {self.cycle}"
