"""Ways to notify people. Each kind has a module with `send`; `registry.SENDERS` knows them all.

A new kind is a module here, a row in `SENDERS`, a `Channel.Medium`, and a section of docs/incidents.md.
"""
