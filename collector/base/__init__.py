"""The ground floor: what every app stands on. It imports nothing of ours."""
