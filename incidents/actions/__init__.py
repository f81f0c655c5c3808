"""What is doing it, what can be done about it, and what the member concerned answers."""
