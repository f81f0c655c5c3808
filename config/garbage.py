"""Python's garbage collection, as a web worker has it."""

import gc


def reduce_collections() -> None:
    """Exclude imported objects from collection, and collect less often: a fifth of a large page."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(50_000, 20, 20)
