"""Everybody's ordinary requests, laid out so that a story finds its member's at once."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np

from .columns import EventColumns
from .pricing import charged_micro
from .stories import Story


class Stage:
    """The draft in order of member and time; `perform` changes one member's part."""

    def __init__(self, draft: EventColumns, members: int) -> None:
        self._draft = draft.take(np.lexsort((draft.noise, draft.occurred_ms, draft.member)))
        self._starts = np.searchsorted(self._draft.member, np.arange(members + 1))
        self._told: dict[int, EventColumns] = {}
        self.stories: list[Story] = []  # those performed, in the order of their numbers

    def own(self, member: int) -> EventColumns:
        """Return the member's requests with the stories told so far, oldest first."""
        if member in self._told:
            return self._told[member]
        return self._draft.take(slice(self._starts[member], self._starts[member + 1]))

    def extra_cents(self, story: Story, until_ms: int) -> float:
        """Return what the story would add to its member's charges before `until_ms`."""
        told = story.tell(self.own(story.member))
        told = told.take((told.story == story.number) & (told.occurred_ms < until_ms))
        return float((charged_micro(told) - told.usual_micro).sum()) / 1_000_000

    def perform(self, stories: Iterable[Story]) -> None:
        for story in stories:
            told = story.tell(self.own(story.member))
            self._told[story.member] = told.take(np.argsort(told.occurred_ms, kind="stable"))
            self.stories.append(story)

    def draft(self) -> EventColumns:
        """Return all requests as the stories left them."""
        untouched = ~np.isin(self._draft.member, list(self._told))
        return EventColumns.joined([self._draft.take(untouched), *self._told.values()])
