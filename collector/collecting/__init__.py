"""When and how sources are read: runs, windows, watermarks, backfill, freshness."""
