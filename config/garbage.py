"""Python's garbage collection, as a web worker has it."""

import gc


def tame() -> None:
    """Look for garbage among what requests made, not among all that was imported: a fifth of a large page."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(50_000, 20, 20)
