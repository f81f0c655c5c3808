"""A Cursor API on loopback with a made-up company, for the demo, for tests and for anyone without a key.

    company = build_company(members=40, days=60, seed=7, now=now)
    with Sandbox(company) as sandbox:
        ...  # sandbox.url, sandbox.key, sandbox.clock, sandbox.behaviour

See docs/sandbox.md.
"""

from .clock import Clock
from .company import Company, Label, build_company
from .company.pricing import PriceRise
from .replay import NotARecording, Recording
from .serving.server import Sandbox
