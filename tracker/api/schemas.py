"""Types that several parts of the API share."""

from collections.abc import Sequence
from datetime import date
from typing import Annotated, Any

from ninja import Field, Query, Schema
from pydantic import (
    AliasPath,
    BeforeValidator,
    ConfigDict,
    StrictBool,
    StrictFloat,
    StrictInt,
    create_model,
)

from collector.base.money import round_cents
from tracker.reports.badges import Badge

# SQLite and PostgreSQL keep integers of 64 bits.
MOST = 2**63 - 1
# A year, and the days of the longest cycle: what is asked for beyond that is a mistake.
MAX_DAYS = 400

# PostgreSQL keeps no NUL.
NO_NUL = r"^[^\x00]*$"
Day = date  # a field called date, with a value of its own, hides the type
Text = Annotated[str, Field(pattern=NO_NUL)]
Email = Annotated[Text, Field(max_length=254)]
Count = Annotated[StrictInt, Field(ge=0, le=MOST)]
Number = Annotated[StrictFloat, Field(ge=0, allow_inf_nan=False)]
Switch = StrictBool
# Of answers, made of exact amounts and shares.
WholeCents = Annotated[int, BeforeValidator(round_cents)]
Share = Annotated[float, BeforeValidator(lambda share: round(share, 4))]
Percent = Annotated[float, BeforeValidator(lambda share: round(share * 100, 2))]
Days = Annotated[int, Query(ge=1, le=MAX_DAYS, description=f"Whole UTC days before today, 1 to {MAX_DAYS}.")]


def at(*path: str, description: str | None = None) -> Any:
    """A field of an answer that what the view returns has under other names, one within the other."""
    return Field(validation_alias=AliasPath(*path), description=description)


class Strict(Schema):
    """A body that refuses unknown fields, because a misspelt one would otherwise be ignored silently."""

    model_config = ConfigDict(extra="forbid")


def all_optional(schema: type[Schema]) -> type[Strict]:
    """`schema` with every field optional at every depth.

    A field may be absent, but not null, because null would have no meaning.
    """
    fields: dict[str, Any] = {}
    for name, info in schema.model_fields.items():
        annotation: Any = info.annotation
        if isinstance(annotation, type) and issubclass(annotation, Schema):
            annotation = all_optional(annotation)
        absent = Field(default_factory=lambda: None, description=info.description)
        fields[name] = (Annotated[annotation, *info.metadata] if info.metadata else annotation, absent)
    return create_model(f"{schema.__name__}Changes", __base__=Strict, **fields)


# Two badges are named as older scripts know them.
OLDER_NAMES = {"light": "light-user", "manual": "manual-coder"}


def badge_of(family: Sequence[Badge], earned: Sequence[Badge]) -> str | None:
    """The key of the badge of `family` that was earned, None for none."""
    key = next((badge.key for badge in earned if badge in family), None)
    return OLDER_NAMES.get(key, key) if key else None
