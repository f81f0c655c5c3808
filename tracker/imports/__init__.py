"""The SQLite file of cursor-usage-tracker, read as a whole."""
