"""Settings tried out without saving them: `--set spike.multiplier=4`."""

from __future__ import annotations

import argparse
from collections.abc import Iterable
from dataclasses import dataclass

from django.core.exceptions import ValidationError
from django.core.management.base import CommandError
from django.db import models

from detection.models import DetectionSettings


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
        if not separator or field not in fields():
            raise argparse.ArgumentTypeError(
                f"{text!r}: write one of {', '.join(fields())} with a value, such as spike.multiplier=4"
            )
        try:
            fields()[field].clean(value.strip(), DetectionSettings())
        except ValidationError as error:
            raise argparse.ArgumentTypeError(f"{name}: {' '.join(error.messages)}") from None
        return cls(field, value.strip())


def add_set_option(parser: argparse.ArgumentParser) -> None:
    """`--set` of a command, as `overrides`."""
    parser.add_argument(
        "--set",
        dest="overrides",
        action="append",
        type=Override.parse,
        default=[],
        metavar="RULE.FIELD=VALUE",
        help="try a setting without saving it, such as spike.multiplier=4; may be repeated",
    )


def fields() -> dict[str, models.Field]:
    """What can be set, by name."""
    return {field.name: field for field in DetectionSettings._meta.concrete_fields if not field.primary_key}


def apply(settings: DetectionSettings, overrides: Iterable[Override]) -> DetectionSettings:
    """The settings with the overrides, not saved; CommandError where they contradict each other."""
    for override in overrides:
        setattr(settings, override.field, fields()[override.field].clean(override.value, settings))
    try:
        settings.clean()
    except ValidationError as error:
        problems = [f"{name}: {' '.join(texts)}" for name, texts in error.message_dict.items()]
        raise CommandError("; ".join(problems)) from None
    return settings
