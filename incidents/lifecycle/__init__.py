"""The one place where an incident's state changes.

Every change is compare-and-set, writes its timeline entry and records who is to be notified, all in one
transaction. Whoever comes second changes nothing and learns who was first.
"""

from .delivery import alerted, expire_acknowledgements, expire_snoozes, unanswered, undelivered
from .intake import TakeInReport, take_in
from .moves import SYSTEM, Actor, Outcome
from .people import acknowledge, correct_onset, note, reopen, resolve, snooze, verdict
