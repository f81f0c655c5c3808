"""A file with a group for each member: read, previewed, applied, undone."""
