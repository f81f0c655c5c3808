"""`/api/settings`: the thresholds of detection, read and changed as in the admin."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
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
from tracker.api.errors import ApiError, documented
from tracker.api.schemas import Count, Number, Strict, Switch, all_optional

router = Router(tags=["settings"])
# The schedule is hourly; the field is there because older scripts read it.
INTERVAL_MINUTES = 60


class Thresholds(Schema):
    maxSpendCentsPerCycle: Count
    maxRequestsPerDay: Count
    maxTokensPerDay: Count


class ZScore(Schema):
    multiplier: Number
    windowDays: Count


class Trends(Schema):
    spendSpikeMultiplier: Number
    spendSpikeLookbackDays: Count
    cycleOutlierMultiplier: Number


class ExpensiveModel(Schema):
    costPerReqSpikeMultiplier: Number
    minDailySpendCents: Count


class OwnBaseline(Schema):
    sensitivity: Number
    historyDays: Count
    minDays: Count
    driftMultiplier: Number


class Settings(Schema):
    """Money in cents; 0 switches a check off."""

    thresholds: Thresholds
    zscore: ZScore
    trends: Trends
    expensiveModel: ExpensiveModel
    ownBaseline: OwnBaseline
    cronIntervalMinutes: Annotated[Count, Field(description="Always 60: the schedule is hourly.")]
    enableInfoAnomalies: Switch
    teamBudgetCents: Count
    floorCents: Count
    cooldownHours: Count
    staleAfterHours: Count
    planExhausted: Switch
    membersLimited: Switch
    machinePacePerHour: Count
    priceChanges: Switch
    confirmByOwnHistory: Switch


class Saved(Settings):
    ok: bool = True  # what older scripts look for


if TYPE_CHECKING:
    Changes = Strict  # what it is made of is only known at run time
else:
    Changes = all_optional(Settings)

# Where each field is kept; dollars become cents on the way out and dollars again on the way in.
ATTRIBUTES = {
    "thresholds.maxSpendCentsPerCycle": "cycle_limit_dollars",
    "thresholds.maxRequestsPerDay": "daily_requests_limit",
    "thresholds.maxTokensPerDay": "daily_tokens_limit",
    "zscore.multiplier": "team_multiplier",
    "zscore.windowDays": "team_window_days",
    "trends.spendSpikeMultiplier": "spike_multiplier",
    "trends.spendSpikeLookbackDays": "spike_lookback_days",
    "trends.cycleOutlierMultiplier": "cycle_outlier_multiplier",
    "expensiveModel.costPerReqSpikeMultiplier": "expensive_model_multiplier",
    "expensiveModel.minDailySpendCents": "expensive_model_min_dollars",
    "ownBaseline.sensitivity": "own_baseline_sensitivity",
    "ownBaseline.historyDays": "own_baseline_days",
    "ownBaseline.minDays": "own_baseline_min_days",
    "ownBaseline.driftMultiplier": "drift_multiplier",
    "enableInfoAnomalies": "info_findings",
    "teamBudgetCents": "team_budget_dollars",
    "floorCents": "floor_dollars",
    "cooldownHours": "continuation_hours",
    "staleAfterHours": "stale_after_hours",
    "planExhausted": "plan_exhausted",
    "membersLimited": "members_limited",
    "machinePacePerHour": "machine_pace_per_hour",
    "priceChanges": "price_changes",
    "confirmByOwnHistory": "confirm_by_own_history",
}
NAMES = {attribute: name for name, attribute in ATTRIBUTES.items()}


@router.get("/settings", response={200: Settings, **documented()})
def read_settings(request: AccessRequest, response: HttpResponse) -> Settings:
    """The thresholds. Their ETag goes into `If-Match` of a PUT, so that nobody undoes another's change."""
    row = DetectionSettings.get_solo()
    response["ETag"] = etag(row)
    return as_schema(row)


@router.put("/settings", auth=administers, response={200: Saved, **documented(412)})
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


def api_value(name: str, value: Any) -> Any:
    if is_money(name):
        return int(value * 100)
    return float(value) if isinstance(value, Decimal) else value


def stored_value(value: object) -> object:
    return Decimal(str(value)) if isinstance(value, float) else value


def etag(row: DetectionSettings) -> str:
    digest = hashlib.sha256(as_schema(row).model_dump_json().encode()).hexdigest()
    return f'"{digest[:16]}"'
