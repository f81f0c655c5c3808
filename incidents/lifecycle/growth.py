"""Whether an incident has grown so much since it last alerted that it alerts again."""

from collections.abc import Sequence
from decimal import Decimal

from collector.base.money import dollars
from detection.models import Anomaly, DetectionSettings
from incidents.models import Incident

# Half as much again, and the floor of detection on top: a runaway is noticed within hours, a rounding is not.
GROWTH = Decimal("1.5")


def floor_cents() -> Decimal:
    return Decimal(str(DetectionSettings.get_solo().floor_dollars)) * 100


def stated_cents(anomaly: Anomaly) -> Decimal:
    """What a finding comes to in 24 h (of a cycle or a drift: its mean), so that different rules compare."""
    return Decimal(str(anomaly.operands.get("daily_cents") or anomaly.extra_cents))


def growth(incident: Incident, holding: Sequence[Anomaly], floor: Decimal) -> str:
    """How far it has grown, in words; empty unless it is half as much again, and one floor more, than when it
    last alerted. A resolved one must also be one floor above what it was when it was resolved."""
    alerted = incident.alerted_cents if incident.alerted_cents is not None else incident.extra_cents
    if alerted is None:
        return ""
    now = max(map(stated_cents, holding))
    if now < alerted * GROWTH or now < alerted + floor or now <= alerted:
        return ""
    if incident.is_resolved and now < (incident.stated_cents or alerted) + floor:
        return ""
    return f"from {dollars(alerted)} at the last alert to {dollars(now)}"
