"""Who is in which group, and since when."""
