"""A team's own export and its labels, as a history and true incidents: what `score --file` reads."""

import logging
from collections.abc import Collection, Iterable, Sequence
from datetime import UTC, date, datetime
from pathlib import Path

import numpy as np
import pandas as pd

from collector.base.cells import bare_address
from collector.base.csv_files import CsvTable, Row
from collector.facts.worth import TOKEN_WEIGHTS
from collector.imports.instants import Instants
from collector.imports.numbers import money
from collector.imports.usage_csv import UsageCsv
from collector.models import Surface, UsageEvent
from collector.sources.event_rows import EventDraft
from detection.frame.prices import price_book
from detection.replay.history import History
from sandbox.company import Label

from .companies import hourly_rows

log = logging.getLogger(__name__)
COLUMNS = {name: (name,) for name in ("email", "kind", "onset_at", "ended_at", "extra_dollars")}


def read_labels(path: Path, emails: Collection[str]) -> list[Label]:
    """The true incidents of a file with `COLUMNS`, of members with these `emails` alone; FileError names the
    lines that cannot be used."""
    with path.open("rb") as file:
        table = CsvTable(file, COLUMNS, required=tuple(COLUMNS))
        instants = Instants(datetime.now(UTC), table.delimiter)
        labels = []
        for row in table:
            try:
                labels.append(_label(row, instants, emails))
            except ValueError as exc:
                table.problems.note(row.line, str(exc))
        table.problems.raise_if_any()
        return labels


def _label(row: Row, instants: Instants, emails: Collection[str]) -> Label:
    email = bare_address(row["email"])
    if email not in emails:
        raise ValueError(f"the export has no usage of {email or 'a member without an address'}.")
    onset_at, ended_at = (instants.read(row[name]) for name in ("onset_at", "ended_at"))
    cents = money(row["extra_dollars"], instants.delimiter)
    if cents is None or cents < 0 or ended_at < onset_at:
        raise ValueError("the extra dollars are a number from 0, and the incident ends after its onset.")
    return Label(email, row["kind"], onset_at, ended_at, cents, "")


def history_of_file(path: Path, member: str = "") -> History:
    """The export's usage by the hour, each hour known when it is over; rows without a user are `member`'s.

    The log says which lines cannot be read: what they spent is in no figure.
    """
    file = UsageCsv(path, datetime.now(UTC), member)
    survey = file.survey()
    for line in survey.problems.report:
        log.warning("not read: %s", line)
    events = _events(event for event, _ in file.events(survey))
    emails = sorted(set(events["email"]))
    number = {email: place for place, email in enumerate(emails, start=1)}
    events = events.assign(member_id=events["email"].map(number).astype(np.int64))

    def read(member_id: int, start_at: datetime, end_at: datetime) -> pd.DataFrame:
        own = events["member_id"] == member_id
        return events[own & (events["at"] >= start_at) & (events["at"] < end_at)]

    names = {place: email for email, place in number.items()}
    return History(np.array(list(names)), names, names, hourly_rows(events), read)


def first_and_last_day(history: History) -> Sequence[date]:
    """The days on which the history begins and ends."""
    hours = history.rows["hour"]
    return [datetime.fromtimestamp(int(hour) * 3600, UTC).date() for hour in (hours.min(), hours.max())]


def _events(drafts: Iterable[EventDraft]) -> pd.DataFrame:
    rows = []
    for event in drafts:
        columns = event.columns
        by_agent = bool(columns.cloud_agent_id or columns.automation_id)
        tokens = {name: float(getattr(columns, name) or 0) for name in TOKEN_WEIGHTS}
        kind = columns.kind.lower()
        is_served = "errored" not in kind and "aborted" not in kind
        is_worth = is_served and kind != "free"
        is_unpriced = columns.cost_basis == UsageEvent.CostBasis.UNKNOWN and is_worth
        charged = float(columns.charged_cents)
        weight = sum(count * TOKEN_WEIGHTS[name] for name, count in tokens.items())
        rows.append(
            {
                "email": event.identity.key,
                "at": event.occurred_at,
                "model": event.model,
                "surface": (Surface.CLOUD_AGENT if by_agent else Surface.IDE).value,
                "thread": columns.cloud_agent_id or columns.automation_id,
                "by_agent": by_agent,
                "cents": max(charged or (float(columns.model_cents or 0) if is_worth else 0.0), 0.0),
                "charged": charged,
                "billed": charged if columns.is_chargeable else 0.0,
                "requests": float(is_served),
                "tokens": sum(tokens.values()),
                "weight": weight,
                "unpriced": weight if is_unpriced and not charged and columns.model_cents is None else 0.0,
            }
        )
    table = pd.DataFrame(rows).sort_values("at", kind="stable", ignore_index=True)
    table = table.assign(at=pd.to_datetime(table["at"], utc=True))
    prices = price_book(table[table["cents"] > 0][["model", "cents", "weight"]])
    estimated = prices.estimates(table)
    return table.assign(cents=table["cents"] + estimated, estimated=estimated)
