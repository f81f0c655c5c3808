"""Walking through a history: what is held of it, and how far apart the steps may be."""

import numpy as np
import pandas as pd

from detection.models import DetectionSettings
from detection.replay.backtest import backtest
from detection.replay.history import History
from detection.replay.preview import steps_among
from detection.replay.replay import HELD_HOURS, Replay, steps
from detection.scoring.companies import hourly_rows
from tests.detection.company import LAST, daily_steps, frame_at, small_history

DAYS = HELD_HOURS // 24 + 4
FIRST = LAST.fromordinal(LAST.toordinal() - DAYS)


def test_after_more_hours_than_are_held_a_step_shows_what_a_replay_from_there_shows():
    history, hours = small_history(), steps(FIRST, LAST, 6)
    replay = Replay(history, hours[0], hours[-1], days=44)
    for as_of in hours:
        frame = replay.frame(as_of)
    fresh = frame_at(history, hours[-1])
    for held, shown in ((frame.hours, fresh.hours), (frame.days, fresh.days)):
        for walked, read in zip(held, shown, strict=True):
            assert np.allclose(walked, read)


def test_a_previews_steps_pass_over_no_members_incident():
    history = small_history()
    every_hour = steps(FIRST, LAST, 1)
    by_hour, by_step = (
        {item.email for item in backtest(history, DetectionSettings(), hours)}
        for hours in (every_hour, steps_among(every_hour))
    )
    assert by_hour == by_step != set()


def test_a_drift_that_is_back_while_its_weeks_overlap_is_one_incident():
    settings = DetectionSettings(own_baseline_sensitivity=0, spike_multiplier=0, expensive_model_multiplier=0)
    (incident,) = backtest(
        history_of_days([10] * 30 + [80] * 6 + [10] * 3 + [80] * 5), settings, daily_steps(14)
    )
    assert incident.rules == ("drift",)


def history_of_days(dollars):
    """One member's days, the last on `LAST`, each of ten requests in one hour."""
    midday = pd.Timestamp(LAST, tz="UTC") + pd.Timedelta(hours=12)
    days = pd.DataFrame({"at": [midday - pd.Timedelta(days=back) for back in reversed(range(len(dollars)))]})
    cents = [100.0 * amount for amount in dollars]
    money = {name: cents for name in ("cents", "charged", "billed", "tokens", "weight")}
    names = {"model": "gpt-5", "surface": "ide", "thread": "", "by_agent": False}
    events = days.assign(member_id=1, requests=10.0, estimated=0.0, **money, **names)
    return History(np.array([1]), {1: "Ann"}, {1: "ann@example.com"}, hourly_rows(events), lambda *_: events)
