"""Figures for pages, API and CSV: functions of `Filters` that return dataclasses, read from rollups only."""
