"""Seeded random streams.

Every part of the company draws from a stream of its own, named by the seed, a topic and where it stands (a
day, a month, a story). So another horizon or one more story leaves everything else as it was.
"""

from enum import IntEnum

import numpy as np
from numpy.typing import NDArray


class Topic(IntEnum):
    MEMBERS = 1
    CALENDAR = 2
    ABSENCES = 3
    WEEKS = 4
    DAYS = 5
    STORIES = 6
    INCIDENTS = 7
    COMMITS = 8
    FAULTS = 9
    ACTORS = 10


def stream(seed: int, topic: Topic, *place: int) -> np.random.Generator:
    """Return the generator of one topic at one place; PCG64 is named because its numbers never change."""
    return np.random.Generator(np.random.PCG64(np.random.SeedSequence([seed, topic, *place])))


def scramble(numbers: NDArray[np.uint64], salt: int) -> NDArray[np.uint64]:
    """Return a hash of each number (splitmix64), another one for each salt."""
    with np.errstate(over="ignore"):
        mixed = numbers + np.uint64((0x9E3779B97F4A7C15 * (salt + 1)) & 0xFFFFFFFFFFFFFFFF)
        mixed = (mixed ^ (mixed >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
        mixed = (mixed ^ (mixed >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
        return mixed ^ (mixed >> np.uint64(31))


def fractions(numbers: NDArray[np.uint64], salt: int) -> NDArray[np.float64]:
    """Return a number in [0, 1) for each number, the same one every time."""
    return (scramble(numbers, salt) >> np.uint64(11)).astype(np.float64) / float(1 << 53)
