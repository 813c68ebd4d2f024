"""The points of a grid, and how each of their values stands in a table."""

import json
from collections.abc import Mapping, Sequence
from itertools import product
from typing import Any

import numpy as np

from lbcore._checks import short
from lbcore.simulate.table import RESERVED

Grid = Mapping[str, Any] | Sequence[Mapping[str, Any]]


class Named:
    """A value of a grid with the name it has in the table."""

    def __init__(self, name: str, value: Any):
        self.name, self.value = name, value


def points_of(grid: Any) -> tuple[list[dict[str, Any]], list[dict[str, Any]]]:
    """Every point, as a dict of its parameters; and the same points as they stand in the table."""
    points: list[dict[str, Any]]
    if isinstance(grid, Mapping):
        for name, values in grid.items():
            if isinstance(values, (str, bytes)) or not hasattr(values, "__len__"):
                raise TypeError(f"grid: {name!r} has {short(values)}; give a list of its values")
            if not len(values):
                raise ValueError(f"grid: {name!r} has no value")
        axes = [
            [Named(str(name), value) for name, value in values.items()] if isinstance(values, Mapping) else list(values)
            for values in grid.values()
        ]
        points = [dict(zip(grid, values, strict=True)) for values in product(*axes)] if axes else []
    elif isinstance(grid, (list, tuple)) and all(isinstance(point, Mapping) for point in grid):
        points = [dict(point) for point in grid]
    else:
        raise TypeError(f"grid: {short(grid)} is neither a dict of lists nor a list of dicts")
    if not points:
        raise ValueError("grid: there is no point in it")
    for name in {name for point in points for name in point}:
        if not isinstance(name, str) or name in RESERVED:
            raise ValueError(f"grid: {name!r} cannot be the name of a parameter")
    labels = [{name: label(value) for name, value in point.items()} for point in points]
    points = [{name: value.value if isinstance(value, Named) else value for name, value in p.items()} for p in points]
    seen: dict[str, int] = {}
    for i, point in enumerate(labels):
        first = seen.setdefault(key(point), i)
        if first != i:
            raise ValueError(
                f"grid: points {first} and {i} look the same in the table: {short(point)}; name the values"
            )
    return points, labels


def key(point: Mapping[str, Any]) -> str:
    """What tells one point of a table from another."""
    return json.dumps(point, sort_keys=True)


def label(value: Any) -> Any:
    """How a value stands in the table: as it is, or by a name that no other value has."""
    if isinstance(value, Named):
        return value.name
    if isinstance(value, np.generic):
        value = value.item()
    if value is None or isinstance(value, (str, int, float)):
        try:
            json.dumps(value)
        except ValueError as error:  # an integer of thousands of digits
            raise ValueError(f"grid: {error}; give {{'a name': value}}") from None
        return value
    with np.printoptions(floatmode="unique", suppress=False):  # every digit of an array's numbers
        name = getattr(value, "__name__", None) or repr(value)
    # An address is another one tomorrow; NumPy leaves out the middle of a long array.
    if " at 0x" in name or "..." in name or name == "<lambda>":
        raise TypeError(f"grid: {short(value)} has no name for the table; give {{'a name': value}}")
    return name
