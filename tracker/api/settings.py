"""`/api/settings`: the thresholds of detection, read and changed as in the admin."""

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal
from typing import TYPE_CHECKING, Annotated, Any

from django.core.exceptions import ValidationError
from django.db import transaction
from django.http import HttpResponse
from ninja import Field, Header, Router, Schema

from collector.base.history import annotate_history
from detection.models import DetectionSettings
from tracker.access.request import AccessRequest
from tracker.api.auth import administers
from tracker.api.errors import OF_A_BODY, ApiError, documented
from tracker.api.schemas import Count, Number, Strict, Switch, all_optional

router = Router(tags=["settings"])
# The schedule is hourly; the field is there because older scripts read it.
INTERVAL_MINUTES = 60


@dataclass(frozen=True)
class KeptIn:
    """Marks a field with the attribute of `DetectionSettings` that it is kept in."""

    attribute: str


class Thresholds(Schema):
    maxSpendCentsPerCycle: Annotated[Count, KeptIn("cycle_limit_dollars")]
    maxRequestsPerDay: Annotated[Count, KeptIn("daily_requests_limit")]
    maxTokensPerDay: Annotated[Count, KeptIn("daily_tokens_limit")]


class ZScore(Schema):
    multiplier: Annotated[Number, KeptIn("team_multiplier")]
    windowDays: Annotated[Count, KeptIn("team_window_days")]


class Trends(Schema):
    spendSpikeMultiplier: Annotated[Number, KeptIn("spike_multiplier")]
    spendSpikeLookbackDays: Annotated[Count, KeptIn("spike_lookback_days")]
    cycleOutlierMultiplier: Annotated[Number, KeptIn("cycle_outlier_multiplier")]


class ExpensiveModel(Schema):
    costPerReqSpikeMultiplier: Annotated[Number, KeptIn("expensive_model_multiplier")]
    minDailySpendCents: Annotated[Count, KeptIn("expensive_model_min_dollars")]


class OwnBaseline(Schema):
    sensitivity: Annotated[Number, KeptIn("own_baseline_sensitivity")]
    historyDays: Annotated[Count, KeptIn("own_baseline_days")]
    minDays: Annotated[Count, KeptIn("own_baseline_min_days")]
    driftMultiplier: Annotated[Number, KeptIn("drift_multiplier")]


class Settings(Schema):
    """Money in cents; 0 switches a check off."""

    thresholds: Thresholds
    zscore: ZScore
    trends: Trends
    expensiveModel: ExpensiveModel
    ownBaseline: OwnBaseline
    cronIntervalMinutes: Annotated[Count, Field(description="Always 60: the schedule is hourly.")]
    enableInfoAnomalies: Annotated[Switch, KeptIn("info_findings")]
    teamBudgetCents: Annotated[Count, KeptIn("team_budget_dollars")]
    floorCents: Annotated[Count, KeptIn("floor_dollars")]
    cooldownHours: Annotated[Count, KeptIn("continuation_hours")]
    staleAfterHours: Annotated[Count, KeptIn("stale_after_hours")]
    planExhausted: Annotated[Switch, KeptIn("plan_exhausted")]
    membersLimited: Annotated[Switch, KeptIn("members_limited")]
    machinePacePerHour: Annotated[Count, KeptIn("machine_pace_per_hour")]
    priceChanges: Annotated[Switch, KeptIn("price_changes")]
    confirmByOwnHistory: Annotated[Switch, KeptIn("confirm_by_own_history")]


class Saved(Settings):
    ok: bool = True  # what older scripts look for


if TYPE_CHECKING:
    Changes = Strict  # what it is made of is only known at run time
else:
    Changes = all_optional(Settings)


def attributes(schema: type[Schema], prefix: str = "") -> Iterator[tuple[str, str]]:
    """Yield each field's name, `zscore.multiplier`, and the attribute of the settings that it is kept in."""
    for name, field in schema.model_fields.items():
        if isinstance(field.annotation, type) and issubclass(field.annotation, Schema):
            yield from attributes(field.annotation, f"{prefix}{name}.")
        for mark in field.metadata:
            if isinstance(mark, KeptIn):
                yield f"{prefix}{name}", mark.attribute


# Dollars become cents on the way out and dollars again on the way in.
ATTRIBUTES = dict(attributes(Settings))
NAMES = {attribute: name for name, attribute in ATTRIBUTES.items()}


@router.get("/settings", response={200: Settings, **documented()})
def read_settings(request: AccessRequest, response: HttpResponse) -> Settings:
    """The thresholds. Their ETag goes into `If-Match` of a PUT, so that nobody undoes another's change."""
    row = DetectionSettings.get_solo()
    response["ETag"] = etag(row)
    return as_schema(row)


@router.put("/settings", auth=administers, response={200: Saved, **documented(412, *OF_A_BODY)})
def change_settings(
    request: AccessRequest,
    response: HttpResponse,
    changes: Changes,
    if_match: Annotated[str | None, Header(alias="If-Match")] = None,
) -> Saved:
    """Change the fields that are sent; others stay. The change takes effect at the next run.

    With `If-Match` the change is refused (412) if somebody else has changed the settings since that ETag.
    """
    sent = dict(flatten(changes.model_dump(exclude_unset=True)))
    with transaction.atomic():
        DetectionSettings.get_solo()
        row = DetectionSettings.objects.select_for_update().get()
        # Compression on the way out makes an ETag a weak one, which clients send back as they got it.
        if if_match and if_match.removeprefix("W/") not in ("*", etag(row)):
            raise ApiError(412, "Somebody else has changed the settings. Read them again.")
        write(row, sent, f"API, {request.access.name}")
    response["ETag"] = etag(row)
    return Saved(**as_schema(row).model_dump())


def write(row: DetectionSettings, sent: dict[str, Any], reason: str) -> None:
    """Validate as the admin does and save; ApiError 400 with a sentence for each field that is wrong."""
    if sent.pop("cronIntervalMinutes", INTERVAL_MINUTES) != INTERVAL_MINUTES:
        message = "Runs are hourly (60); for another schedule call /api/cron or run_pipeline from cron."
        raise ApiError(400, message, {"cronIntervalMinutes": message})
    for name, value in sent.items():
        setattr(row, ATTRIBUTES[name], Decimal(value) / 100 if is_money(name) else stored_value(value))
    try:
        row.full_clean()
    except ValidationError as error:
        fields = {NAMES.get(attr, attr): " ".join(messages) for attr, messages in error.message_dict.items()}
        raise ApiError(400, "; ".join(f"{k}: {v}" for k, v in fields.items()), fields) from error
    annotate_history(row, reason=reason)
    row.save()


def as_schema(row: DetectionSettings) -> Settings:
    body: dict[str, Any] = {"cronIntervalMinutes": INTERVAL_MINUTES}
    for name, attribute in ATTRIBUTES.items():
        *parents, leaf = name.split(".")
        place = body
        for parent in parents:
            place = place.setdefault(parent, {})
        place[leaf] = api_value(name, getattr(row, attribute))
    return Settings(**body)


def flatten(body: dict[str, object], prefix: str = "") -> Iterator[tuple[str, object]]:
    """Yield `("zscore.multiplier", 3)` for `{"zscore": {"multiplier": 3}}`."""
    for name, value in body.items():
        if isinstance(value, dict):
            yield from flatten(value, f"{prefix}{name}.")
        else:
            yield f"{prefix}{name}", value


def is_money(name: str) -> bool:
    return "Cents" in name


def api_value(name: str, value: Decimal | float) -> float:
    if is_money(name):
        return int(value * 100)
    return float(value) if isinstance(value, Decimal) else value


def stored_value(value: object) -> object:
    return Decimal(str(value)) if isinstance(value, float) else value


def etag(row: DetectionSettings) -> str:
    digest = hashlib.sha256(as_schema(row).model_dump_json().encode()).hexdigest()
    return f'"{digest[:16]}"'
