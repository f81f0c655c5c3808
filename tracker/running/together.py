"""Processes that end with their parent, however it ends, and hear of a stop once."""

import ctypes
import os
import signal
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from functools import cache

PR_SET_PDEATHSIG = 1  # prctl(2), Linux; elsewhere a parent that is killed leaves its children behind


def end_with_parent() -> None:
    """Let the kernel send this process SIGTERM when its parent dies, also by kill -9."""
    with suppress(OSError, AttributeError):
        ctypes.CDLL(None, use_errno=True).prctl(PR_SET_PDEATHSIG, signal.SIGTERM, 0, 0, 0)


class _Forks:
    parent = 0  # the process whose forks are kept together; 0: none

    @staticmethod
    def in_child() -> None:
        if not _Forks.parent:
            return
        end_with_parent()
        if os.getppid() == _Forks.parent:
            os.setpgid(0, 0)


@cache
def _listen_for_forks() -> None:
    os.register_at_fork(after_in_child=_Forks.in_child)


@contextmanager
def kept_together() -> Iterator[None]:
    """Whatever the block forks ends with its parent, and is in a process group of its own.

    A signal to this process's whole group then reaches this process alone: the task queue's guard would start
    the workers again that such a signal had ended, and never stop.
    """
    _listen_for_forks()
    _Forks.parent = os.getpid()
    try:
        yield
    finally:
        _Forks.parent = 0
