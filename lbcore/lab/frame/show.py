"""The source of a class or a function, as a lesson prints it."""

import inspect
import textwrap
from typing import Any

from IPython.display import Markdown, display

__all__ = ["show", "source"]


def source(obj: Any) -> str:
    """The source of a class or function in plain Python, without the indentation around it.

    Raises TypeError for what has none: a compiled class, a number.
    """
    try:
        return textwrap.dedent(inspect.getsource(obj)).rstrip()
    except (TypeError, OSError):
        name = getattr(obj, "__name__", None) or type(obj).__name__
        raise TypeError(
            f"obj: {name} has no Python source; a compiled class has a twin in lbcore.selectors.reference, "
            "which can be shown"
        ) from None


def show(obj: Any) -> None:
    """Display the source of a class or function, highlighted."""
    display(Markdown(f"```python\n{source(obj)}\n```"))
