"""How a class becomes a selector: each argument goes to the constructor's parameter of that meaning.

The parameters are `nodes` or `n`, `weights`, `seed` or `rng`, and `slots`.
"""

import inspect
import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from lbcore.selectors import reference

__all__ = ["Recipe", "name_of", "parameters", "recipe"]

_KNOWN = ("nodes", "n", "weights", "seed", "rng", "slots")


@dataclass(frozen=True)
class Recipe:
    """How to make a selector: call it as often as needed."""

    cls: Any
    arguments: tuple[tuple[str, Any], ...]

    def __call__(self) -> Any:
        """A new selector."""
        values = {name: reference.Draws(value) if name == "rng" else value for name, value in self.arguments}
        return self.cls(**values)

    def seeded(self, seed: int) -> "Recipe":
        """The same recipe with another seed; itself where the class takes none."""
        return Recipe(
            self.cls, tuple((name, seed if name in ("seed", "rng") else value) for name, value in self.arguments)
        )


def parameters(cls: Any) -> dict[str, bool]:
    """The names of a constructor's parameters, each with whether it must be given."""
    # Cython writes a compiled class's signature on top of its docstring.
    written = re.match(r"\s*\w+\(([^)]*)\)\s*\n", cls.__doc__ or "")
    try:
        found = inspect.signature(cls).parameters.values()
    except (TypeError, ValueError):
        found = None
    if found is not None and not (written and any(p.kind == p.VAR_POSITIONAL for p in found)):
        return {p.name: p.default is p.empty for p in found if p.kind not in (p.VAR_POSITIONAL, p.VAR_KEYWORD)}
    if not written:
        raise TypeError(f"cls: the parameters of {name_of(cls)} cannot be read")
    given = [part.strip() for part in written[1].split(",") if part.strip() not in ("", "*", "/")]
    return {re.split(r"[:=]", part)[0].strip().split()[-1]: "=" not in part for part in given}


def recipe(
    cls: Any,
    nodes: int | Sequence[str] | None = None,
    weights: Sequence[int] | None = None,
    seed: int = 0,
    slots: int | None = None,
) -> Recipe:
    """How to make `cls` for these nodes: each argument goes to the constructor's parameter of that meaning.

    nodes: a number, or names. weights: one for each node; all ones where the class needs them and none are given.
    Raises TypeError for something that is no class with `select`, or that asks for more.
    """
    if not inspect.isclass(cls):
        raise TypeError(f"cls: {cls!r} is no class; give the class itself, not one made from it")
    if not callable(getattr(cls, "select", None)):
        raise TypeError(f"cls: {name_of(cls)} has no select(), so it cannot pick a node")
    if nodes is None:
        nodes = len(weights) if weights is not None else 10
    count = nodes if isinstance(nodes, (int, np.integer)) else len(nodes)
    if weights is not None and len(weights) != count:
        raise ValueError(f"weights: {len(weights)} weights for {count} nodes")
    wanted = parameters(cls)
    values = {
        "nodes": nodes,
        "n": int(count),
        "seed": seed,
        "rng": seed,
        "slots": slots,
        "weights": list(weights) if weights is not None else [1] * int(count),
    }
    if weights is not None and "weights" not in wanted:
        raise ValueError(f"weights: {name_of(cls)} takes no weights")
    for name, needed in wanted.items():
        if needed and name not in _KNOWN:
            raise TypeError(f"cls: {name_of(cls)} asks for {name!r}; a selector is made from {', '.join(_KNOWN)}")
    if slots is None and wanted.get("slots"):
        values["slots"] = 16384
    chosen = [
        (name, values[name]) for name in wanted if name in _KNOWN and not (name == "slots" and values[name] is None)
    ]
    return Recipe(cls, tuple(chosen))


def name_of(thing: Any) -> str:
    """The name of a class, or of what was made from one."""
    return str((thing if inspect.isclass(thing) else type(thing)).__name__)
