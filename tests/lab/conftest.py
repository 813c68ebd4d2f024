"""Fixtures of the lab's tests: a file of keys, and a look for threads that are left."""

import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest


@pytest.fixture
def file(tmp_path: Path) -> Callable[..., Path]:
    """Write bytes (or text) to a file and give its path."""

    def write(content: str | bytes, name: str = "keys.txt") -> Path:
        path = tmp_path / name
        path.write_bytes(content.encode() if isinstance(content, str) else content)
        return path

    return write


@pytest.fixture
def no_thread_left() -> Iterator[None]:
    """Whatever a test has started has ended with it."""
    before = threading.enumerate()
    yield
    assert [thread for thread in threading.enumerate() if thread not in before] == []
