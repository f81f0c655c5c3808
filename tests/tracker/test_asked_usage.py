"""What a page asks of everybody's usage is what all of it amounts to."""

from datetime import date

import pytest

from collector.base.spans import DaySpan
from collector.facts.weeks import cycle_in_weeks, in_weeks
from collector.models import Member
from collector.models.totals import span_of
from tests.detection.facts import make_day, make_member
from tests.tracker.test_sums import seven_weeks  # noqa: F401  a fixture
from tracker.reports import usage
from tracker.reports.days import load, load_models
from tracker.reports.selection import Selection, model_day_rows

pytestmark = pytest.mark.django_db


def test_what_a_page_asks_of_everybody_is_what_all_parts_amount_to(seven_weeks):  # noqa: F811
    """Sums and people by model, the parts of listed members and of models that could be replaced, and prices
    of the others, at either end of a week and where a cycle turns within a day."""
    first, last = date(2026, 2, 27), date(2026, 3, 28)
    bot = make_member("bot@example.com")
    Member.objects.filter(pk=bot.pk).update(kind=Member.Kind.SERVICE_ACCOUNT)
    make_day(bot, first, 5, model="sonnet", requests=20, input_tokens=7)
    ana, bo = Member.objects.filter(kind=Member.Kind.PERSON).order_by("pk")
    for weekly, span in (
        (in_weeks(first, last), DaySpan(first, last)),
        (cycle_in_weeks(seven_weeks), span_of(seven_weeks)),
    ):
        parts = list(map(usage.Part._make, usage.part_rows(weekly)))
        whole = usage.usage_of(parts, {ana.pk, bo.pk})
        rows = model_day_rows.statement(Selection(), span)
        days, sums = load_models(rows, span)
        assert days == load(rows)
        assert {model: own[:2] for model, own in sums.items()} == {
            model: own[:2] for model, own in whole.sums.items()
        }
        assert [own.tokens for _, own in sorted(sums.items())] == pytest.approx(
            [own.tokens for _, own in sorted(whole.sums.items())]
        )
        asked = usage.asked_usage(weekly, sums, [ana.pk], {"opus": "sonnet"}, 1)
        assert asked.models == whole.models
        assert asked.main_model(ana.pk) == whole.main_model(ana.pk) is not None
        mine, all_mine = asked.costliest(ana.pk), whole.costliest(ana.pk)
        assert mine and all_mine and mine.totals.cents_per_request == all_mine.totals.cents_per_request
        fields = usage.SpendPart._fields
        assert sorted(asked.parts) == sorted(
            tuple(getattr(part, name) for name in fields)
            for part in parts
            if part.model == "opus" or part.member_id == ana.pk
        )
        assert sorted(asked.steady_prices["sonnet"]) == sorted(whole.steady_prices["sonnet"])
        assert len(whole.steady_prices["sonnet"]) == 3 - (span != DaySpan(first, last))
