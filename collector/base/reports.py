"""What a step of the hourly job reports."""

from dataclasses import asdict
from typing import Any


class StepReport:
    """Before a dataclass: its fields are its JSON, and all is well unless it says otherwise."""

    @property
    def is_ok(self) -> bool:
        return True

    @property
    def summary(self) -> str:
        """One line for people."""
        raise NotImplementedError

    def as_json(self) -> dict[str, object]:
        fields: Any = self
        return asdict(fields)
