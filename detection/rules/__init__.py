"""The rules. Each module has `RULES` (what it may report), `NEEDS` (sources) and a pure `find(frame,
settings, baseline)`."""

from __future__ import annotations

from . import cycle_limit, expensive_model, own_baseline, spike

ALL = (cycle_limit, spike, expensive_model, own_baseline)
