"""What a rule found, since when, why, and in which words."""
