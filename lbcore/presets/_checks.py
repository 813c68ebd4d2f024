"""What the presets check their arguments with, and how they hash keys that must be text."""

import os
from collections.abc import Callable, Container, Iterable, Sequence
from dataclasses import dataclass
from ipaddress import ip_address
from operator import index
from typing import Any, ClassVar, SupportsIndex

import numpy as np
from numpy.typing import NDArray

from lbcore._checks import short

Weights = Sequence[SupportsIndex] | NDArray[np.integer[Any]]


@dataclass(frozen=True)
class TextHash:
    """A hash of keys that are text: str or bytes, but no integers."""

    function: Callable[[bytes], int]
    then: Callable[[int], int] | None = None
    text_only: ClassVar[bool] = True

    def __call__(self, data: bytes) -> int:
        value = self.function(data)
        return value if self.then is None else self.then(value)


def texts(values: Iterable[str], argument: str, twice: bool = False) -> list[str]:
    """Names that differ, none of them empty; at least one.

    twice: whether a name may come again, as it may in the system; the second `a:80` is then called `a:80#2`.
    """
    if isinstance(values, (str, bytes)) or not hasattr(values, "__iter__"):
        raise TypeError(f"{argument}: {short(values)} is of type {type(values).__name__}; give a list of names")
    names = list(values)
    seen: set[str] = set()
    for i, name in enumerate(names):
        if not isinstance(name, str):
            raise TypeError(f"{argument}[{i}]: {short(name)} is of type {type(name).__name__}; a name is text")
        if not name or name != name.strip():
            raise ValueError(f"{argument}[{i}]: {name!r} is empty, or has spaces around it")
        if twice:
            name = names[i] = distinct(name, seen)
        if name in seen:
            raise ValueError(f"{argument}[{i}]: {name!r} is given twice; names must differ")
        seen.add(name)
    if not names:
        raise ValueError(f"{argument}: the list is empty; give one at least")
    return names


def distinct(name: str, taken: Container[str]) -> str:
    """The name, or where it is taken, the first free one of `name#2`, `name#3`, ..."""
    free, number = name, 2
    while free in taken:
        free, number = f"{name}#{number}", number + 1
    return free


def integer(value: SupportsIndex, argument: str, least: int, most: int) -> int:
    if isinstance(value, (bool, np.bool_)):
        raise TypeError(f"{argument}: {value!r} is a bool; give an integer")
    try:
        number = index(value)
    except TypeError:
        raise TypeError(f"{argument}: {short(value)} is of type {type(value).__name__}; give an integer") from None
    if not least <= number <= most:
        raise ValueError(f"{argument}: {number} is outside {least} to {most}")
    return number


def indices(servers: Sequence[str | SupportsIndex], names: list[str], argument: str) -> set[int]:
    """Servers by name or index, as indices."""
    if isinstance(servers, (str, bytes)) or not hasattr(servers, "__iter__"):
        raise TypeError(f"{argument}: {servers!r} is of type {type(servers).__name__}; give a list of servers")
    found = set()
    for one in servers:
        if isinstance(one, str) and one not in names:
            raise ValueError(f"{argument}: {short(one)} is none of the servers")
        found.add(names.index(one) if isinstance(one, str) else integer(one, argument, 0, len(names) - 1))
    return found


def weights_of(weights: Weights | None, n: int, least: int, most: int = 2**31 - 1) -> list[int]:
    """The weights of n servers, each within what the system accepts; all 1 for None."""
    if weights is None:
        return [1] * n
    if isinstance(weights, (str, bytes, dict, set)) or not hasattr(weights, "__len__"):
        raise TypeError(f"weights: {short(weights)} is of type {type(weights).__name__}; give a list of integers")
    if len(weights) != n:
        raise ValueError(f"weights: {len(weights)} weights for {n} servers")
    numbers = [integer(weight, f"weights[{i}]", least, most) for i, weight in enumerate(weights)]
    if not any(numbers):
        raise ValueError("weights: every weight is zero; one must be above")
    return numbers


def seed_of(seed: SupportsIndex | np.random.Generator | None) -> int:
    """The 64 bits that name a stream of draws; fresh ones for None, one draw of a Generator."""
    if isinstance(seed, np.random.Generator):
        return int(seed.integers(2**64, dtype=np.uint64))
    return int.from_bytes(os.urandom(8), "big") if seed is None else integer(seed, "seed", 0, 2**64 - 1)


def choice(value: str, argument: str, options: Iterable[str]) -> str:
    if not isinstance(value, str) or value not in options:
        raise ValueError(f"{argument}: {short(value)} is none of {', '.join(options)}")
    return value


def address(data: bytes) -> bytes:
    """The 4 or 16 bytes of an IP address in text."""
    try:
        return ip_address(data.decode()).packed
    except ValueError:
        raise ValueError(f"key: {short(data.decode(errors='replace'))} is not an IP address") from None
