"""How long a member's conversations are, against the team's."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Context:
    """Tokens read per request against the team; `place` 1 reads most of `members`."""

    tokens: float | None
    median: float | None
    place: int | None
    members: int

    @property
    def advice(self) -> str:
        """What the comparison means, and what would change it."""
        if self.multiple is None:
            return ""
        if self.multiple >= 3:
            return (
                "Far longer conversations than the team's. Starting new ones sooner makes requests cheaper."
            )
        if self.multiple >= 1.5:
            return "Longer conversations than most of the team."
        return "Conversations about as long as the team's, or shorter."

    @property
    def praises(self) -> bool:
        """Whether a reader takes the advice as a compliment."""
        return self.multiple is not None and self.multiple < 1.5

    @property
    def multiple(self) -> float | None:
        return self.tokens / self.median if self.tokens is not None and self.median else None
