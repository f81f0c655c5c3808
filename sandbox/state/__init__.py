"""What the API knows and keeps: visible events, limits that were set, cancelled runs, its behaviour."""
