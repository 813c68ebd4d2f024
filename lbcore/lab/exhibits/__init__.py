"""The pictures of the lessons, by topic: `exhibits/<topic>/<picture>.py` holds the picture that a lesson calls so.

They are found here by folder. A file whose name begins with `_` is what a topic shares.
"""

from importlib import import_module
from pathlib import Path
from typing import Any

__all__ = ["find", "names"]

_TOPICS = {path.stem: path.parent.name for path in sorted(Path(__file__).parent.glob("[!_]*/[!_]*.py"))}


def names() -> list[str]:
    """What every exhibit is called."""
    return sorted(_TOPICS)


def find(name: str) -> Any:
    """The exhibit of this name; KeyError where there is none."""
    return getattr(import_module(f"{__name__}.{_TOPICS[name]}.{name}"), name)
