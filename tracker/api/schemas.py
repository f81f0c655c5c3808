"""Types that several parts of the API share."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated, Any

from ninja import Field, Query, Schema
from pydantic import ConfigDict, StrictBool, StrictFloat, StrictInt, create_model

from tracker.reports.badges import Badge

# SQLite and PostgreSQL keep integers of 64 bits.
MOST = 2**63 - 1
# A year, and the days of the longest cycle: what is asked for beyond that is a mistake.
MAX_DAYS = 400

# PostgreSQL keeps no NUL.
NO_NUL = r"^[^\x00]*$"
Text = Annotated[str, Field(pattern=NO_NUL)]
Email = Annotated[Text, Field(max_length=254)]
Count = Annotated[StrictInt, Field(ge=0, le=MOST)]
Number = Annotated[StrictFloat, Field(ge=0, allow_inf_nan=False)]
Switch = StrictBool
Days = Annotated[int, Query(ge=1, le=MAX_DAYS, description=f"Whole UTC days before today, 1 to {MAX_DAYS}.")]


class Strict(Schema):
    """A body whose unknown fields are refused: a misspelt one would otherwise do nothing, silently."""

    model_config = ConfigDict(extra="forbid")


def partial(schema: type[Schema]) -> type[Strict]:
    """`schema` with every field optional at every depth.

    A field may be left out, but not be null: there is no value that null could mean.
    """
    fields: dict[str, Any] = {}
    for name, info in schema.model_fields.items():
        kind: Any = info.annotation
        if isinstance(kind, type) and issubclass(kind, Schema):
            kind = partial(kind)
        left_out = Field(default_factory=lambda: None, description=info.description)
        fields[name] = (Annotated[kind, *info.metadata] if info.metadata else kind, left_out)
    return create_model(f"{schema.__name__}Changes", __base__=Strict, **fields)


# Two badges are named as older scripts know them.
OLDER_NAMES = {"light": "light-user", "manual": "manual-coder"}


def badge_of(family: Sequence[Badge], earned: Sequence[Badge]) -> str | None:
    """The key of the badge of `family` that was earned, None for none."""
    key = next((badge.key for badge in earned if badge in family), None)
    return OLDER_NAMES.get(key, key) if key else None
