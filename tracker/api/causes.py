"""What an incident's spend comes from, in the JSON API."""

from datetime import datetime

from ninja import Field, Schema

from tracker.api.schemas import Share, at


class CauseSource(Schema):
    kind: str = Field(description="Surface, Cloud agent, Automation, Conversation, Model, Max mode …")
    name: str
    requests: int
    cents: float
    share: Share = Field(description="Share of the spend, 0 to 1.")
    firstAt: datetime = at("first_at")
    lastAt: datetime = at("last_at")
    url: str = Field(description="Its page in Cursor. Empty if there is none.")


class CauseOfIncident(Schema):
    sentence: str
    startAt: datetime = at("start_at")
    endAt: datetime = at("end_at")
    requests: int
    cents: float
    sources: list[CauseSource] = at("rows")
