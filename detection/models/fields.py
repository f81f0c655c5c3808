"""Numbers of a policy: each refuses nonsense with a sentence of its own."""

from decimal import Decimal

from django.core.exceptions import ValidationError
from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.db.models.fields import NOT_PROVIDED


class FiniteDecimalField(models.DecimalField):
    """A decimal that says in plain words what it refuses: text, NaN and infinity."""

    default_error_messages = {"invalid": "Enter an ordinary number, such as 50."}


def dollars_field(label: str, default: int, help_text: str) -> models.Field:
    """US dollars, from 0 to ten million."""
    return FiniteDecimalField(
        label,
        default=Decimal(default),
        max_digits=10,
        decimal_places=2,
        validators=[
            MinValueValidator(0, "An amount in dollars cannot be negative."),
            MaxValueValidator(10_000_000, "An amount above 10,000,000 dollars would never be reached."),
        ],
        help_text=help_text,
    )


def multiplier_field(label: str, default: str, help_text: str) -> models.Field:
    """How many times a usual figure; 0 is off."""
    return FiniteDecimalField(
        label,
        default=Decimal(default),
        max_digits=6,
        decimal_places=2,
        validators=[
            refuse_small_multiplier,
            MaxValueValidator(1000, "A multiplier above 1000 would never find anything."),
        ],
        help_text=help_text,
    )


def count_field(
    label: str, default: int, help_text: str, *, db_default: object = NOT_PROVIDED
) -> models.Field:
    """A number of requests or tokens; 0 is off."""
    return models.BigIntegerField(
        label,
        default=default,
        validators=[MinValueValidator(0, "A limit cannot be negative. Enter 0 to switch this check off.")],
        help_text=help_text,
        db_default=db_default,
    )


def days_field(label: str, default: int, least: int, most: int, help_text: str) -> models.Field:
    """A number of whole UTC days, from `least` to `most`."""
    sentence = f"Enter {least} to {most} days."
    return models.IntegerField(
        label,
        default=default,
        validators=[MinValueValidator(least, sentence), MaxValueValidator(most, sentence)],
        help_text=help_text,
    )


def hours_field(
    label: str, default: int, most: int, help_text: str, *, db_column: str | None = None
) -> models.Field:
    """A number of hours, from 0 to `most`."""
    sentence = f"Enter 0 to {most} hours."
    return models.IntegerField(
        label,
        default=default,
        validators=[MinValueValidator(0, sentence), MaxValueValidator(most, sentence)],
        help_text=help_text,
        db_column=db_column,
    )


def refuse_small_multiplier(value: Decimal) -> None:
    """Refuse what is neither 0 (off) nor at least 1: below the usual figure, everybody would be found."""
    if value < 0:
        raise ValidationError("A multiplier cannot be negative. Enter 0 to switch this check off.")
    if 0 < value < 1:
        raise ValidationError("A multiplier below 1 would flag usual spend. Enter 0 (off) or at least 1.")
