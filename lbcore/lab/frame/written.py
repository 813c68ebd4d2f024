"""Values and calls as somebody would type them: the line below a picture that makes it again."""

from collections.abc import Mapping
from typing import Any

import numpy as np

from lbcore.selectors import reference

__all__ = ["code", "line"]

#: What is written out; a longer list was in a variable, most likely of its argument's name.
LONGEST = 60


def code(value: Any) -> str:
    """A value as somebody would type it: 1_000 for an int, names in quotes, a class by its name."""
    if isinstance(value, (bool, np.bool_)):
        return str(bool(value))
    if isinstance(value, (int, np.integer)):
        return f"{int(value):_}"
    if isinstance(value, (list, tuple, np.ndarray)):
        return f"[{', '.join(code(v) for v in value)}]"
    if isinstance(value, dict):
        return "{" + ", ".join(f"{code(name)}: {code(v)}" for name, v in value.items()) + "}"
    if isinstance(value, type):
        return ("reference." if value.__module__.startswith(reference.__name__) else "") + value.__name__
    return repr(value.item() if isinstance(value, np.generic) else value)


def line(name: str, arguments: Mapping[str, Any], positional: int) -> str:
    """A call of the function `name`, of whose arguments the first `positional` are written without their names."""
    parts = []
    for place, (argument, value) in enumerate(arguments.items()):
        long = isinstance(value, (list, tuple, np.ndarray)) and len(value) > LONGEST // 2
        text = argument if long else code(value)
        text = argument if len(text) > LONGEST and not isinstance(value, type) else text
        parts.append(text if place < positional else f"{argument}={text}")
    return f"{name}({', '.join(parts)})"
