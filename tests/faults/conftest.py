"""What every test of the faults shares: none may leave a thread behind."""

import threading
from collections.abc import Iterator

import pytest


@pytest.fixture(autouse=True)
def no_thread_is_left() -> Iterator[None]:
    before = threading.enumerate()
    yield
    assert [
        thread for thread in threading.enumerate() if thread not in before
    ] == []  # one of another test may end meanwhile
