"""What a model's tokens cost by Cursor's public price list: for usage without a cost, where the team's own
charges do not cover its model.

An estimate, never shown as a charge. Dollars per million input tokens; other kinds of tokens cost about the
multiples in `collector.facts.worth`. The list changes: a new price is a new row above the old one, with the
day on which it was first seen.
"""

import re

# From cursor.com/docs/models-and-pricing, with the day on which each was read: dollars by the words that a
# model's name must hold, in any order. The first row that fits counts.
PRICES = {
    "auto": 1.25,  # 2026-02-22
    "default": 1.25,  # 2026-02-22
    "opus 5.5 fast": 8.0,  # 2026-09-30
    "opus 5.5": 4.0,  # 2026-09-30
    "opus fast": 30.0,  # 2026-02-22
    "opus": 5.0,  # 2026-02-22
    "fable": 10.0,  # 2026-06-14
    "sonnet 1m": 6.0,  # 2026-02-22
    "sonnet 5.5": 2.0,  # 2026-09-30
    "sonnet 5": 2.0,  # 2026-08-16
    "sonnet": 3.0,  # 2026-02-22
    "haiku": 1.0,  # 2026-02-22
    "composer 2.5 fast": 3.0,  # 2026-05-24
    "composer 2 fast": 1.5,  # 2026-04-05
    "composer 2.5": 0.5,  # 2026-05-24
    "composer 2": 0.5,  # 2026-04-05
    "composer": 3.5,  # 2026-02-22
    "gpt nano": 0.2,  # 2026-04-05
    "gpt 5.4 mini": 0.75,  # 2026-04-05
    "gpt mini": 0.25,  # 2026-02-22
    "gpt luna": 0.2,  # 2026-08-02
    "gpt terra": 2.0,  # 2026-08-02
    "gpt sol": 4.0,  # 2026-09-30
    "gpt 5.5": 5.0,  # 2026-04-26
    "gpt 5.4": 2.5,  # 2026-04-05
    "gpt 5.3": 1.75,  # 2026-02-22
    "gpt 5.2": 1.75,  # 2026-02-22
    "gpt fast": 2.5,  # 2026-02-22
    "gpt": 1.25,  # 2026-02-22
    "gemini 3 flash": 0.5,  # 2026-02-22
    "gemini 3.5 flash": 1.5,  # 2026-05-24
    "gemini 3.6 flash": 1.5,  # 2026-07-26
    "gemini 2.5 flash": 0.3,  # 2026-02-22
    "gemini flash": 0.75,  # 2026-08-16
    "gemini": 2.0,  # 2026-02-22
    "grok code": 0.2,  # 2026-02-22
    "grok fast": 4.0,  # 2026-07-12
    "grok 4.3": 1.25,  # 2026-05-10
    "grok": 2.0,  # 2026-04-05
    "glm flash": 0.15,  # 2026-09-30
    "glm": 1.4,  # 2026-09-30
    "kimi k3": 3.0,  # 2026-09-30
    "kimi": 0.95,  # 2026-09-30
}
# A model that nobody knows is not free.
UNKNOWN_DOLLARS = 2.0


def list_cents(model: str) -> float:
    """The list price of one weighed token, in cents; a guess for a model that is not on the list."""
    name = re.sub(r"(?<=\d)-(?=\d)", ".", model.lower())  # opus-4-8 is opus 4.8
    words = set(re.split(r"[^a-z0-9.]+", name))
    fitting = (dollars for known_words, dollars in PRICES.items() if words.issuperset(known_words.split()))
    return next(fitting, UNKNOWN_DOLLARS) * 100 / 1e6
