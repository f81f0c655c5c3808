"""The demo's own card; nothing where this is no demo."""

from __future__ import annotations

from django import template
from django.conf import settings

from tracker.models import DemoStory

register = template.Library()


@register.inclusion_tag("tracker/partials/demo_card.html")
def demo_card() -> dict[str, object]:
    """What to look at. One query in a demo, none elsewhere."""
    return {"stories": list(DemoStory.objects.all()) if settings.DEMO else []}
