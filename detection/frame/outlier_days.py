"""What makes a day an outlier: one definition for the spike rule and for what pages outline.

A day is one whose spend is over N times the average of the days with spend; days off do not lower it.
"""

from collections.abc import Sequence
from decimal import Decimal

# Pages outline a day from this many times on; the rule has a setting of its own.
OUTLINED_TIMES = 2


def outlier_days(shown: Sequence[Decimal], whole: Sequence[Decimal]) -> list[bool]:
    """Which of the days `shown` are outliers beside the `whole` ones of the period; all in cents.

    In plain Python, since a web process needs numpy for nothing else; the rule judges all members at once by
    `detection.rules.spike`.
    """
    spend = [cents for cents in whole if cents > 0]
    if not spend:
        return [False] * len(shown)
    bound = OUTLINED_TIMES * sum(spend) / len(spend)
    return [cents > bound for cents in shown]
