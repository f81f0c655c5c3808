"""What is made of the facts and kept in order: members, daily totals, cycles, reconciliation."""
