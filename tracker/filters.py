"""What the address bar asks for: period, group, search, model, badge. One value for pages, API and CSV."""

from __future__ import annotations

NAMES = ("period", "group", "search", "model", "badge")
