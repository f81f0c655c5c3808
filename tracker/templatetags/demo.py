"""The demo's own card; nothing where this is no demo."""

from __future__ import annotations

from django import template
from django.conf import settings

from collector.base.names import current
from tracker.models import DemoStory

register = template.Library()


@register.inclusion_tag("tracker/partials/demo_card.html")
def demo_card() -> dict[str, object]:
    """What to look at, for whoever may read names. One query in a demo, none elsewhere."""
    is_shown = settings.DEMO and not current().are_hidden
    return {"stories": list(DemoStory.objects.all()) if is_shown else []}
