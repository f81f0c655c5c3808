"""Told stories: each is one small function over one member's requests."""

from .dear_model import DearModel
from .drift import Drift
from .long_sessions import LongSessions
from .runaway import Burst, RunawayAgent
from .story import Story

__all__ = ["Burst", "DearModel", "Drift", "LongSessions", "RunawayAgent", "Story"]
