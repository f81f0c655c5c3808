"""Measures that print and never fail: `make bench`."""
