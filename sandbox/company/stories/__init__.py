"""Told stories: each is one small function over one member's requests."""

from .drift import Drift
from .long_sessions import LongSessions
from .model_switch import ModelSwitch
from .runaway import Burst, RunawayAgent
from .story import Story

__all__ = ["Burst", "ModelSwitch", "Drift", "LongSessions", "RunawayAgent", "Story"]
