"""What an incident's spend comes from, as the JSON API says it."""

from datetime import datetime

from ninja import Field, Schema

from incidents.actions.causes import IncidentCause


class CauseSource(Schema):
    kind: str = Field(description="Surface, Cloud agent, Automation, Conversation, Model, Max mode …")
    name: str
    requests: int
    cents: float
    share: float = Field(description="Share of the spend, 0 to 1.")
    firstAt: datetime
    lastAt: datetime
    url: str = Field(description="Its page in Cursor. Empty if there is none.")


class CauseOfIncident(Schema):
    sentence: str
    startAt: datetime
    endAt: datetime
    requests: int
    cents: float
    sources: list[CauseSource]


def cause_row(cause: IncidentCause) -> CauseOfIncident:
    sources = [
        CauseSource(
            kind=row.kind,
            name=row.name,
            requests=row.requests,
            cents=float(row.cents),
            share=round(row.share, 4),
            firstAt=row.first_at,
            lastAt=row.last_at,
            url=row.url,
        )
        for row in cause.rows
    ]
    return CauseOfIncident(
        sentence=cause.sentence,
        startAt=cause.start_at,
        endAt=cause.end_at,
        requests=cause.requests,
        cents=float(cause.cents),
        sources=sources,
    )
