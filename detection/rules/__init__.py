"""The rules. A module has `RULES` (what it may report), `NEEDS` (sources) and a pure function,
`findings_in(frame, settings)`; in `OF_THE_DAY` it also takes the `baseline` of the members in the frame."""

from . import (
    cycle_limit,
    cycle_outlier,
    daily_limits,
    drift,
    expensive_model,
    machine_pace,
    members_limited,
    own_baseline,
    plan,
    price_change,
    spike,
    team,
    team_budget,
)

# Of findings about the same spend the first one names the incident.
ALL = (
    own_baseline,
    expensive_model,
    spike,
    machine_pace,
    drift,
    cycle_limit,
    daily_limits,
    team,
    cycle_outlier,
    members_limited,
    price_change,
    team_budget,
    plan,
)
OF_THE_DAY = (own_baseline, expensive_model, spike, machine_pace)
CONTEXT = (team, cycle_outlier)  # comparisons with the team
OF_ALL = (drift, cycle_limit, daily_limits, members_limited, price_change, team_budget, plan)
ORDER = {rule: place for place, rule in enumerate(rule for module in ALL for rule in module.RULES)}
