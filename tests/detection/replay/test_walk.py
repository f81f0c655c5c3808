"""Walking through a history: what is held of it, and how far apart the steps may be."""

import numpy as np

from detection.models import DetectionSettings
from detection.replay.backtest import backtest
from detection.replay.preview import steps_among
from detection.replay.replay import HELD_HOURS, Replay, steps
from tests.detection.company import LAST, frame_at, small_history

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
