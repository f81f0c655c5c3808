"""One sentence per finding: who, how much against what, since when, why."""

from collections.abc import Callable, Mapping
from datetime import date, datetime
from typing import Any, Protocol

from collector.base.names import current
from detection.models import Anomaly
from detection.vocabulary import Rule

from .wording import dollars, listing, times, with_onset

TEAM = "The team"


class SentenceFigures(Protocol):
    """What a sentence tells of: a finding, or an anomaly that keeps one."""

    @property
    def rule(self) -> str: ...
    @property
    def member_id(self) -> int | None: ...
    @property
    def metric(self) -> str: ...
    @property
    def observed(self) -> float: ...
    @property
    def bound(self) -> float: ...
    @property
    def expected(self) -> float: ...
    @property
    def charged_cents(self) -> float | None: ...
    @property
    def operands(self) -> dict[str, Any]: ...


def message_of(
    finding: SentenceFigures, names: Mapping[int, str], onset_at: datetime | None, why: str, as_of: datetime
) -> str:
    """The sentence, such as "Ana Ruiz spent $412 in 24 h, 6.1x their usual $67 (since 02:14 UTC): 340 more
    requests"."""
    sentence = with_onset(_SENTENCES[Rule(finding.rule)](finding, _who(finding, names)), onset_at, as_of)
    return f"{sentence}: {why}" if why else sentence


def sentence_of(anomaly: Anomaly) -> str:
    """The anomaly's message; where names are hidden from the reader, made again of its figures.

    Wants `member` selected. An imported anomaly has no figures: then who, and the rule.
    """
    reader = current()
    if not reader.are_hidden:
        return anomaly.message
    named = anomaly.operands.get("member_ids", [])
    names = {pk: reader.name(pk, "you") for pk in named}
    if anomaly.member:
        names[anomaly.member.pk] = str(anomaly.member)
    if "window_start" not in anomaly.operands:
        who = TEAM if anomaly.member is None else str(anomaly.member)
        return f"{who}: {anomaly.get_rule_display()}"
    why = str(anomaly.explanation.get("sentence", ""))
    return message_of(anomaly, names, anomaly.onset_at, why, anomaly.last_seen_at)


def _who(finding: SentenceFigures, names: Mapping[int, str]) -> str:
    """Whom the sentence is about: the member, or the members that a finding of the team names."""
    if "member_ids" in finding.operands:
        return listing(names.get(member, "?") for member in finding.operands["member_ids"])
    return TEAM if finding.member_id is None else names.get(finding.member_id, "Somebody")


def _against(finding: SentenceFigures) -> str:
    if finding.expected < 1:
        return "and usually nothing"
    return f"{times(finding.observed, finding.expected)} their usual {dollars(finding.expected)}"


def _spent(finding: SentenceFigures) -> str:
    """What was spent, or, where the source gives no charge for part of it, what was used."""
    if finding.charged_cents is None:
        return f"spent {dollars(finding.observed)}"
    return f"used an estimated {dollars(finding.observed)} ({dollars(finding.charged_cents)} charged)"


def _own_baseline(finding: SentenceFigures, who: str) -> str:
    return f"{who} {_spent(finding)} in 24 h, {_against(finding)}"


def _drift(finding: SentenceFigures, who: str) -> str:
    return f"{who} {_spent(finding)} in {finding.operands['days']} days, {_against(finding)}"


def _spike(finding: SentenceFigures, who: str) -> str:
    ratio, average = times(finding.observed, finding.expected), dollars(finding.expected)
    return f"{who} {_spent(finding)} in 24 h, {ratio} their daily average of {average}"


def _expensive_model(finding: SentenceFigures, who: str) -> str:
    unit = "run" if finding.metric == "cost_per_run_24h" else "request"
    verb = "paid" if finding.charged_cents is None else "used an estimated"
    return f"{who} {verb} {dollars(finding.observed)} per {unit} in 24 h, {_against(finding)}"


def _machine_pace(finding: SentenceFigures, who: str) -> str:
    usual = ""
    if finding.expected >= 1:
        usual = f", {times(finding.observed, finding.expected)} their usual {finding.expected:,.0f}"
    highest = finding.operands["highest_hour"]
    return f"{who} made {finding.observed:,.0f} requests in 24 h{usual}, up to {highest:,.0f} in an hour"


def _price_change(finding: SentenceFigures, who: str) -> str:
    figures = finding.operands
    day = date.fromisoformat(figures["day"])
    also = f"; also more expensive: {listing(figures['also'])}" if figures["also"] else ""
    much, since = f"{finding.observed:.1f} times as much", f"since {day.day} {day:%b}"
    rise = f"{figures['model']} costs {much} {since}"
    if figures.get("is_move"):
        rise = (
            f"{figures['members']} members moved to {figures['model']} {since}, which costs {much} per token"
        )
    return f"{rise}; {dollars(figures['weekly_cents'])} a week at the present use{also}"


def _cycle_limit(finding: SentenceFigures, who: str) -> str:
    spent, limit = dollars(finding.observed), dollars(finding.bound)
    return f"{who} spent {spent} in this cycle, over the limit of {limit}"


def _cycle_outlier(finding: SentenceFigures, who: str) -> str:
    ratio, median = times(finding.observed, finding.expected), dollars(finding.expected)
    return f"{who} spent {dollars(finding.observed)} in this cycle, {ratio} the team's median of {median}"


def _daily_requests(finding: SentenceFigures, who: str) -> str:
    day, limit = finding.operands["day"], finding.bound
    return f"{who} made {finding.observed:,.0f} requests on {day}, over the limit of {limit:,.0f}"


def _daily_tokens(finding: SentenceFigures, who: str) -> str:
    day, limit = finding.operands["day"], finding.bound
    return f"{who} used {finding.observed:,.0f} tokens on {day}, over the limit of {limit:,.0f}"


def _team_spend(finding: SentenceFigures, who: str) -> str:
    mean = dollars(finding.expected)
    return f"{who} {_spent(finding)} in 24 h; active members spend {mean} a day on average"


def _team_requests(finding: SentenceFigures, who: str) -> str:
    made, mean = f"{finding.observed:,.0f}", f"{finding.expected:,.0f}"
    return f"{who} made {made} requests in 24 h; active members make {mean} a day on average"


def _plan_exhausted(finding: SentenceFigures, who: str) -> str:
    return f"{who} exhausted the included usage of this cycle; {dollars(finding.observed)} billed so far"


def _members_limited(finding: SentenceFigures, who: str) -> str:
    count = len(finding.operands["member_ids"])
    verb = "1 member has" if count == 1 else f"{count} members have"
    return f"{verb} reached the spend limit and can spend no more this cycle: {who}"


def _team_budget(finding: SentenceFigures, who: str) -> str:
    share = 100 * finding.observed / finding.bound
    spent, budget = dollars(finding.observed), dollars(finding.bound)
    return f"{who} spent {spent} in this cycle, {share:.0f} % of the budget of {budget}"


_SENTENCES: dict[Rule, Callable[[SentenceFigures, str], str]] = {
    Rule.OWN_BASELINE: _own_baseline,
    Rule.DRIFT: _drift,
    Rule.MACHINE_PACE: _machine_pace,
    Rule.PRICE_CHANGE: _price_change,
    Rule.SPIKE: _spike,
    Rule.EXPENSIVE_MODEL: _expensive_model,
    Rule.CYCLE_LIMIT: _cycle_limit,
    Rule.CYCLE_OUTLIER: _cycle_outlier,
    Rule.DAILY_REQUESTS: _daily_requests,
    Rule.DAILY_TOKENS: _daily_tokens,
    Rule.TEAM_SPEND: _team_spend,
    Rule.TEAM_REQUESTS: _team_requests,
    Rule.PLAN_EXHAUSTED: _plan_exhausted,
    Rule.MEMBERS_LIMITED: _members_limited,
    Rule.TEAM_BUDGET: _team_budget,
}
