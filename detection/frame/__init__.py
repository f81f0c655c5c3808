"""What the rules look at: facts as arrays, and what is usual for a member."""
