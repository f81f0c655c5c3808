"""What each figure means, in one sentence, wherever it is shown. docs/metrics.md gives the formulas."""

MEANINGS = {
    "spend": "What Cursor charges for the period's requests: included in the plan and on demand together.",
    "billed": "The part of the spend that Cursor bills on demand, beyond what the plan includes.",
    "included": "The part of the spend that the plan includes: spend less on demand.",
    "per_day": "Over the whole days shown, so without today.",
    "requests": "Requests that completed (no error, not aborted).",
    "rate": (
        "Spend divided by served requests, both for the same period and the same selection. Runs of cloud "
        "agents "
        "and automations are excluded: $/run shows what those cost."
    ),
    "runs": "Runs of cloud agents and automations that began in the period.",
    "busiest": "The agent, automation or conversation with the most requests in one hour, five or more.",
    "per_run": "The spend of cloud agents and automations, divided by their runs.",
    "relative": "The model's cost per request, divided by that of all models together.",
    "model_members": "Members with at least one request served by the model. Choose the number to see them.",
    "context": "Tokens read from the cache per request: how long the conversations are.",
    "main_model": "The model with most of the member's requests in the period.",
    "lines": "Lines added in the editor, typed or generated. They do not measure what the work is worth.",
    "active_days": "Days with a request, or days that Cursor marks as active, whichever is the larger "
    "number.",
    "active_members": "Seats with at least one active day in the period, of all seats now on the team.",
    "adoption": (
        "0 to 100: 40 % accepted diffs, 40 % requests per active day against the team's 90th percentile, "
        "20 % active days of the period."
    ),
    "spend_rank": "Rank by spend among all who spent anything in the period, whatever the filters.",
    "activity_rank": "Rank by requests among all with a request in the period. No rank is good or bad.",
    "ranks": "Ranks by spend and by requests among all members in the period. No rank is good or bad.",
    "cycle": "Spend since the billing cycle began, including today so far.",
    "forecast": (
        "Spend so far, plus the average cost of such days, weekdays and weekends apart, over the last 14 to "
        "28 whole days. About eight cycles in ten end within the band. A member with a spend limit is not "
        "expected to exceed it."
    ),
    "unused": (
        "Seats on the team without an active day in the period. Members who joined in the last 14 days "
        "and owners of the organisation are not counted."
    ),
    "since": "When Cursor first listed the member. Empty if that was before the team was first read here.",
    "incidents": ("Incidents not yet resolved, whatever the period. Only group and search narrow them."),
    "failed": "Requests that had an error or were aborted. They do not count as requests, and most cost "
    "nothing.",
    "accepts": "Diffs that the agent proposed and the member accepted.",
    "accept_ratio": "Accepted diffs divided by proposed diffs, at most 100 %.",
    "ai_lines": "The share of the lines added by commits that Tab or the agent wrote.",
    "exhaustion": "The day of the billing cycle of the first request that the plan no longer included.",
    "organisation_context": "The median context of members with at least ten requests.",
    "off_bill": "What would leave the invoice: the saving on the part that Cursor bills on demand.",
    "of_plan": "What would stay in the plan for other requests; it is not billed.",
    "savings": (
        "An estimate: the same tokens at the price of the next cheaper model that the team trusts. The "
        "range is what the middle half of its members pay. It cannot tell whether that model would be "
        "good enough."
    ),
    "price_extra": (
        "Spend since the price changed, less what the same tokens would have cost at the price before. "
        "Empty for a model used for the first time: it had no earlier price."
    ),
    "max_mode": "Requests made in max mode, which reads more and costs more.",
    "behind": "Behind: an older minor version than the newest in use. Patch versions do not count.",
    "daily_active": "Members that Cursor marks as active on the day.",
}
