"""What to look at: the company's true stories, with the pages that show what became of them."""

from datetime import datetime
from typing import TypedDict

from django.urls import reverse

from collector.base.days import utc_day
from collector.models import Member
from detection.vocabulary import Cause
from incidents.models import Incident

from .models import DemoStory
from .world import control

TITLES = {
    "runaway_agent": "An agent nobody stopped",
    "burst": "A frantic afternoon",
    "dear_model": "A switch to an expensive model",
    "long_sessions": "Sessions that never end",
    "drift": "A little more every day",
}
TEXT_LENGTH = 300


class SandboxLabel(TypedDict):
    """A true story, as the sandbox tells it; its instants are in ISO 8601."""

    kind: str
    email: str
    note: str
    onsetAt: str
    endedAt: str


def tell_stories() -> None:
    """Store the card's lines: the newest story of each kind, and pages that are easily missed."""
    labels: list[SandboxLabel] = control("labels").json()["labels"]
    newest = {label["kind"]: label for label in labels}
    rows = [row for label in reversed(newest.values()) if (row := story_of(label))]
    DemoStory.objects.bulk_create([*rows, *price_change(), *places()])


def story_of(label: SandboxLabel) -> DemoStory | None:
    """The story with the incident about it, or with its member's page."""
    member = Member.objects.filter(email=label["email"]).first()
    if member is None:
        return None
    onset_at = datetime.fromisoformat(label["onsetAt"])
    ended_at = datetime.fromisoformat(label["endedAt"])
    about = Incident.objects.filter(member=member, detected_at__gte=onset_at, onset_at__lte=ended_at)
    incident = about.order_by("detected_at").first()
    path = incident.get_absolute_url() if incident else reverse("member", args=[member.email])
    day = utc_day(onset_at)
    text = f"{member.name}, {day.day} {day:%b}: {label['note']}"
    return DemoStory(title=TITLES.get(label["kind"], label["kind"]), text=text[:TEXT_LENGTH], path=path)


def price_change() -> list[DemoStory]:
    """The newest incident about a model that became more expensive for everybody."""
    incident = Incident.objects.filter(cause=Cause.PRICE).first()
    if incident is None:
        return []
    text = incident.message[:TEXT_LENGTH]
    return [DemoStory(title="A price that rose", text=text, path=incident.get_absolute_url())]


def places() -> list[DemoStory]:
    """Pages that a newcomer would not come upon."""
    rows = (
        ("How fast we are", "Time to detect, to acknowledge and to resolve.", "incidents"),
        ("Budgets near their steps", "By team, with a forecast.", "teams"),
        ("Savings", "One raised, one accepted, and what it has saved.", "savings"),
        ("A request for a higher limit", "Waiting for a decision.", "limits"),
        ("Messages", "What would have gone to Slack and e-mail.", "demo-messages"),
    )
    return [DemoStory(title=title, text=text, path=reverse(name)) for title, text, name in rows]
