"""The stories of a demo: each changes the requests of one member."""

from .drift import Drift
from .long_sessions import LongSessions
from .model_switch import ModelSwitch
from .runaway import Burst, RunawayAgent
from .story import Story

__all__ = ["Burst", "ModelSwitch", "Drift", "LongSessions", "RunawayAgent", "Story"]
