"""Who is notified of what: routing, recording, batching, sending."""
