from datetime import UTC, date, datetime

from tracker.pages.days import day_axis, day_labels
from tracker.periods import whole_days

TODAY = date(2026, 11, 23)
DAYS = [date(2026, 11, day) for day in (21, 22, 23)]


def test_yesterday_and_today_each_say_why_they_are_not_final():
    short, full = day_labels(DAYS, TODAY)
    assert short == ["21 Nov", "22 Nov", "23 Nov"]
    assert full == ["Sat 21 Nov", "Sun 22 Nov (may still change)", "Mon 23 Nov (today so far)"]


def test_only_these_two_are_shaded():
    period = whole_days(2, datetime(2026, 11, 23, 12, tzinfo=UTC))
    assert day_axis(DAYS, period)["provisional_from"] == 1
    assert day_axis(DAYS[:1], period)["provisional_from"] is None
