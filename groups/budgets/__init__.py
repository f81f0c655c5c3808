"""How much a group or a member may spend in a billing cycle, and when that is reached."""
