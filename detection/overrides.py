"""Settings tried out without saving them: `--set spike.multiplier=4`."""

from __future__ import annotations

import argparse
from collections.abc import Iterable
from dataclasses import dataclass

from django.core.exceptions import FieldDoesNotExist, ValidationError

from .models import DetectionSettings


@dataclass(frozen=True)
class Override:
    """One field of the settings and the text to set it to."""

    field: str
    value: str

    @classmethod
    def parse(cls, text: str) -> Override:
        """Read `rule.field=value` (or `field=value`); refuse what the settings do not have, saying what
        they have."""
        name, separator, value = text.partition("=")
        field = name.strip().replace(".", "_")
        if not separator or field not in names():
            raise argparse.ArgumentTypeError(
                f"{text!r}: write one of {', '.join(names())} with a value, such as spike.multiplier=4"
            )
        try:
            DetectionSettings._meta.get_field(field).clean(value.strip(), DetectionSettings())
        except (FieldDoesNotExist, ValidationError) as error:
            sentence = " ".join(getattr(error, "messages", [str(error)]))
            raise argparse.ArgumentTypeError(f"{name}: {sentence}") from None
        return cls(field, value.strip())


def names() -> list[str]:
    """Fields that can be set."""
    return [field.name for field in DetectionSettings._meta.concrete_fields if not field.primary_key]


def apply(settings: DetectionSettings, overrides: Iterable[Override]) -> DetectionSettings:
    """The settings with the overrides, not saved."""
    for override in overrides:
        field = DetectionSettings._meta.get_field(override.field)
        setattr(settings, override.field, field.clean(override.value, settings))
    return settings
