"""Real answers written down without what names anybody, for bug reports and for replay."""
