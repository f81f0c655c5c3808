"""Reports as they are laid out: which charts, which tables, which columns."""
