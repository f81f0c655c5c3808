"""Everybody's ordinary requests, sorted so that a story finds its member's requests quickly."""

from collections.abc import Iterable

import numpy as np

from .columns import EventColumns
from .pricing import charged_micro
from .stories import Story


class Stage:
    """The draft in order of member and time; `apply` changes one member's part."""

    def __init__(self, draft: EventColumns, members: int) -> None:
        self._draft = draft.take(np.lexsort((draft.noise, draft.occurred_ms, draft.member)))
        self._starts = np.searchsorted(self._draft.member, np.arange(members + 1))
        self._changed: dict[int, EventColumns] = {}
        self.stories: list[Story] = []  # the stories applied so far, in order of number

    def requests_of(self, member: int) -> EventColumns:
        """Return the member's requests with the stories so far applied, oldest first."""
        if member in self._changed:
            return self._changed[member]
        return self._draft.take(slice(self._starts[member], self._starts[member + 1]))

    def extra_cents(self, story: Story, until_ms: int) -> float:
        """Return what the story would add to its member's charges before `until_ms`."""
        requests = story.applied_to(self.requests_of(story.member))
        requests = requests.take((requests.story == story.number) & (requests.occurred_ms < until_ms))
        return float((charged_micro(requests) - requests.usual_micro).sum()) / 1_000_000

    def apply(self, stories: Iterable[Story]) -> None:
        for story in stories:
            requests = story.applied_to(self.requests_of(story.member))
            self._changed[story.member] = requests.take(np.argsort(requests.occurred_ms, kind="stable"))
            self.stories.append(story)

    def draft(self) -> EventColumns:
        """Return all requests, with the stories applied."""
        untouched = ~np.isin(self._draft.member, list(self._changed))
        return EventColumns.joined([self._draft.take(untouched), *self._changed.values()])
