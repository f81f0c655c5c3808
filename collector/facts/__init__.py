"""What is derived from the facts: members, daily totals, cycles, reconciliation."""
