"""What kind of API the sandbox plays."""

from dataclasses import dataclass, fields


@dataclass
class Behaviour:
    """Switches that hold until changed; faults of single answers are in `faults`."""

    has_legacy_shapes: bool = False  # answers of 2025: kindLabel, no chargedCents, whole cents, numeric ids
    analytics_status: int = 200  # 401, 403 or 404: the plan has no analytics
    enforces_limits: bool = True
    late_share: float = 0.0  # of the events, delivered late
    late_hours: float = 12.0  # the longest delay
    revised_share: float = 0.0  # of the events, whose cost and kind settle later
    revised_hours: float = 24.0  # up to this much later
    limits_status: int = 200  # 403: the key or the plan may not set spend limits
    keeps_limits: bool = False  # setting a limit succeeds and changes nothing
    limits_count_total: bool = True  # as Enterprise pools do; False: on-demand usage alone
    retention_days: float | None = None  # events older than this are gone

    def update(self, **switches: object) -> None:
        """Change the named switches; TypeError for an unknown one."""
        unknown = switches.keys() - {field.name for field in fields(self)}
        if unknown:
            raise TypeError(f"unknown switch: {', '.join(sorted(unknown))}")
        for name, value in switches.items():
            setattr(self, name, value)
