"""What a step of the hourly job reports."""

from abc import ABC, abstractmethod
from dataclasses import asdict
from typing import Any


class StepReport(ABC):
    """Before a dataclass: its fields are its JSON, and all is well unless it has something in `failed`."""

    @property
    def is_ok(self) -> bool:
        return not getattr(self, "failed", None)

    @property
    @abstractmethod
    def summary(self) -> str:
        """One line for people."""

    def as_json(self) -> dict[str, object]:
        fields: Any = self
        return asdict(fields)
