"""What every test of the faults shares: none may leave a thread behind."""

import threading
from collections.abc import Iterator

import pytest


def threads() -> list[threading.Thread]:
    """Those that run. Where Ctrl-C comes into Python's own start of one, it can stay "initial" and run nothing."""
    return [thread for thread in threading.enumerate() if ", initial" not in repr(thread)]


@pytest.fixture(autouse=True)
def no_thread_is_left() -> Iterator[None]:
    before = threads()
    yield
    assert threads() == before
