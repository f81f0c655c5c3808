"""Spend by group: chargeback, FOCUS export, summary."""
