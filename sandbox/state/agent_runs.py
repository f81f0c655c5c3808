"""Runs of cloud agents that were cancelled through the API, and the requests that they no longer make."""

from dataclasses import dataclass, field

import numpy as np

from ..answers.spelling import uuid
from ..company.columns import Events


@dataclass
class AgentRuns:
    """An agent has one run, which works until somebody cancels it."""

    cancelled_ms: dict[str, int] = field(default_factory=dict)  # by agent

    def stopped(self, events: Events) -> np.ndarray:
        """For each event: whether its run had been cancelled by then."""
        stopped = np.zeros(len(events), dtype=bool)
        cancelled = dict(self.cancelled_ms)
        if not cancelled:
            return stopped
        candidates = events.is_headless & (events.occurred_ms >= min(cancelled.values()))
        for conversation in np.unique(events.conversation[candidates]).tolist():
            if (at_ms := cancelled.get(agent_of(conversation))) is not None:
                is_of_run = candidates & (events.conversation == conversation)
                stopped |= is_of_run & (events.occurred_ms >= at_ms)
        return stopped


def agent_of(conversation: int) -> str:
    """The cloud agent that a person's headless conversation belongs to."""
    return f"bc-{uuid(conversation + 1)}"
