"""What moved the prices that the team pays, worked out once a day for the pages that show it."""

from django.db import models

# Members, before and since, that make a change of price.
LEAST_MEMBERS = 2


class PriceTimeline(models.Model):
    """One row: the days that were looked at, and what was found on them."""

    first_day = models.DateField(null=True, help_text="The first day of known usage.")
    last_day = models.DateField(null=True, help_text="The last day that was examined.")
    events = models.JSONField(
        default=list,
        help_text="[model, day, ratio]: the new price of a token over the old one; null: first used.",
    )

    def __str__(self) -> str:
        return f"{self.first_day} to {self.last_day}"
