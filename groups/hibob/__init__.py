"""HiBob's People Directory: its CSV, and the groups that it makes."""
