"""The demo's past: the last sixty days of the made-up company, as they would have happened."""
