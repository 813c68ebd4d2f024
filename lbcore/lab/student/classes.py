"""Lets a student's own class stand where lbcore's stand: how it is made, how it is asked, and what is said if it errs.

A class is made from the names of its constructor's parameters: `nodes` or `n`, `weights`, `seed` or `rng`, `slots`.
It needs no more than `select()`, or `select(key)`. What it prints is muted, and it has a limit in time (`limits`).
"""

import copy
import inspect
import operator
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from lbcore._counting import bincount
from lbcore.lab.student import limits
from lbcore.lab.student.recipes import Recipe, name_of, recipe

__all__ = [
    "Recipe",
    "Run",
    "StudentError",
    "build",
    "is_keyed",
    "is_plain",
    "made",
    "name_of",
    "recipe",
    "run",
    "seed_of",
]

#: A class in plain Python takes about a microsecond a pick, often more the more nodes it has: so many picks a picture.
FEWEST_PICKS, MOST_PICKS, NODE_PICKS = 10_000, 100_000, 2_000_000


class StudentError(ValueError):
    """What a student's class did wrong, as a sentence for the student."""

    def _render_traceback_(self) -> list[str]:
        # IPython shows this instead of a stack of lbcore's own lines, which would not help a student.
        return [str(self)]


def build(
    cls: Any,
    nodes: int | Sequence[str] | None = None,
    weights: Sequence[int] | None = None,
    seed: int = 0,
    slots: int | None = None,
) -> Any:
    """A selector of lbcore's or of a student's class, made as `recipe` says; a student's `rng` is `Draws(seed)`."""
    make = recipe(cls, nodes, weights, seed, slots)
    return within(cls, make, "__init__") if is_plain(cls) else make()


def made(
    thing: Any,
    nodes: int | Sequence[str] | None = None,
    weights: Sequence[int] | None = None,
    seed: int = 7,
    slots: int | None = None,
) -> Any:
    """A selector as it is, or one made of this class."""
    return build(thing, nodes, weights, seed, slots) if inspect.isclass(thing) else thing


def is_plain(thing: Any) -> bool:
    """Whether this class, or this selector, picks in plain Python one by one."""
    return not callable(getattr(thing, "select_many", None))


def is_keyed(thing: Any) -> bool:
    """Whether this class, or this selector, picks by key: it says so, or its `select` must be given one."""
    said = getattr(thing, "keyed", None)
    if isinstance(said, bool):
        return said
    needed = [
        p
        for p in inspect.signature(thing.select).parameters.values()
        if p.default is p.empty and p.kind in (p.POSITIONAL_ONLY, p.POSITIONAL_OR_KEYWORD)
    ]
    return len(needed) > (1 if inspect.isclass(thing) else 0)


def seed_of(selector: Any) -> int | None:
    """The seed of one of lbcore's selectors or their twins, None where there is none."""
    seed = getattr(selector, "seed", None)
    if seed is None and not is_plain(selector):
        seed = (selector.__getstate__() or {}).get("seed")
    if seed is None:
        seed = getattr(getattr(selector, "rng", getattr(selector, "draws", None)), "seed", None)
    return int(seed) if isinstance(seed, (int, np.integer)) and not isinstance(seed, bool) else None


def duplicate(selector: Any) -> Any:
    """A copy in the same state, so that an experiment moves nothing of its caller's."""
    return selector.copy() if callable(getattr(selector, "copy", None)) else copy.deepcopy(selector)


@dataclass(frozen=True)
class Run:
    """The picks of a copy of a selector, with the names of its nodes, and who was up."""

    picks: NDArray[np.int32]
    names: tuple[str, ...]
    up: NDArray[np.bool_]
    asked: int

    def counts(self, which: Any = slice(None)) -> NDArray[np.int64]:
        """Requests at each node, of all requests or of some."""
        picks = self.picks[which]
        return bincount(picks[picks >= 0] if picks.size and picks.min() < 0 else picks, minlength=len(self.names))


def run(
    selector: Any,
    requests: int | Sequence[Any] | NDArray[Any],
    down: Iterable[Any] = (),
    nodes: int | Sequence[str] | None = None,
    before: Callable[[Any, int, NDArray[np.int32]], None] | None = None,
) -> Run:
    """Let a copy of `selector` pick: so many times, or once for each of the keys given.

    before: is given the copy, the number of the request that comes next, and the picks so far; it may release what
    has ended, or change the nodes. Then the copy is asked one by one.
    A plain Python class stops after 10,000 to 100,000 picks, fewer the more nodes it has; `asked` is what was wanted.
    Raises StudentError, a sentence, where such a class fails or picks a node that does not exist.
    """
    count = int(requests) if isinstance(requests, (int, np.integer)) else len(requests)
    keys = None if isinstance(requests, (int, np.integer)) else requests
    mine = duplicate(selector)
    names = names_of(selector, nodes)
    if not is_plain(mine) and before is None:
        for node in down:
            _take_down(mine, node, names)
        return Run(mine.select_many(count if keys is None else keys), tuple(mine.nodes), mine.up, count)
    most = max(FEWEST_PICKS, min(MOST_PICKS, NODE_PICKS // max(1, len(names)))) if names else MOST_PICKS
    requests_made = iter(range(min(count, most if is_plain(mine) else count)))

    def work() -> NDArray[np.int32]:
        for node in down:
            _take_down(mine, node, names)
        return _ask(mine, requests_made, keys, len(names) or None, before)

    picks = within(mine, work, "select", requests_made)
    names = names or tuple(f"node-{i}" for i in range(int(picks.max(initial=0)) + 1))
    up = getattr(mine, "up", None)
    up = np.ones(len(names), bool) if up is None or len(up) != len(names) else np.array(up, dtype=bool)
    return Run(picks, names, up, count)


def within(thing: Any, work: Callable[[], Any], method: str, steps: Iterator[int] | None = None) -> Any:
    """What `work()` returns; StudentError where it takes too long.

    thing: a student's class, or what was made of it, whose `method` is called. steps: what the work goes through, with
    a call at each. How much of it is left is seen from outside, so the limit costs the calls nothing. What is printed
    meanwhile is muted, and counted by the limit around it (`limited`).
    """
    left, who = operator.length_hint(steps or ()), name_of(thing)
    try:
        return limits.within(work, lambda: operator.length_hint(steps or ()), limits.Printed(), f"{who}.{method}()")
    except limits.TooLate as late:
        request = left - operator.length_hint(steps or ())
        where = f"Request {request}: {who}.{method}()" if request else f"{who}.{method}()"
        line = limits.line_of(thing if inspect.isclass(thing) else type(thing), late.at)
        raise StudentError(_too_late(late, where, f" in line {line[0]}" if line else "")) from None


def limited(thing: type, work: Callable[[], Any]) -> tuple[Any, str]:
    """What `work()` returns, all of which may take 10 s, with a sentence on what was printed meanwhile.

    thing: the student's class that the work calls, wherever it does.
    """
    printed, who = limits.Printed(), name_of(thing)
    try:
        return limits.within(work, time.monotonic, printed, who), str(printed)
    except limits.TooLate as late:
        line = limits.line_of(thing, late.at)
        late.all_of_it = True  # there is but one limit here
        raise StudentError(_too_late(late, who, f" in line {line[0]}" if line else "")) from None


def _too_late(late: limits.TooLate, where: str, place: str) -> str:
    if late.all_of_it:
        return f"{where} was stopped{place} after {limits.ALL_S:g} s: it is too slow for a picture, or does not end"
    if late.stays:
        return f"{where} had not come back after {limits.CALL_S:g} s{place}, and was left alone"
    return f"{where} had not come back after {limits.CALL_S:g} s, and was stopped{place}. What ends its loop?"


def _take_down(selector: Any, node: Any, names: tuple[str, ...]) -> None:
    """By the selector's own `mark_down`, or in the list `up` that a twin keeps; a plain class is told the index."""
    index = names.index(node) if isinstance(node, str) and node in names else node
    if callable(getattr(selector, "mark_down", None)):
        selector.mark_down(index if is_plain(selector) else node)
        return
    up = getattr(selector, "up", None)
    if not isinstance(up, list):
        raise ValueError(f"down: {name_of(selector)} has neither mark_down() nor a list `up`, so no node can go down")
    if not isinstance(index, (int, np.integer)) or not 0 <= index < len(up):
        raise ValueError(f"down: {node!r} is not a node")
    up[index] = False


def names_of(selector: Any, nodes: int | Sequence[str] | None = None) -> tuple[str, ...]:
    """The names of a selector's nodes, as far as they can be told without a pick: empty where they cannot."""
    for known in (
        nodes,
        getattr(selector, "nodes", None),
        getattr(selector, "n", None),
        getattr(selector, "up", None),
        getattr(selector, "weights", None),
        getattr(selector, "counts", None),
    ):
        if isinstance(known, (int, np.integer)) and not isinstance(known, bool) and known > 0:
            return tuple(f"node-{i}" for i in range(known))
        if isinstance(known, (list, tuple, np.ndarray)) and len(known):
            text = all(isinstance(name, str) for name in known)
            return tuple(known) if text else tuple(f"node-{i}" for i in range(len(known)))
    return ()


def unfinished(who: str) -> str:
    """What is said of a class that is still the exercise's stub."""
    return f"{who} is not finished yet: replace its `...`, run that cell, then this one"


def _source(selector: Any) -> str:
    try:
        return inspect.getsource(type(selector).select)
    except (OSError, TypeError):
        return ""


def _ask(selector: Any, requests: Iterator[int], keys: Any, nodes: int | None, before: Any = None) -> NDArray[np.int32]:
    """A call of `select` for each request, each answer looked at."""
    picks = np.empty(operator.length_hint(requests), dtype=np.int32)
    given = keys.tolist() if isinstance(keys, np.ndarray) else keys
    select, who = selector.select, name_of(selector)
    for i in requests:
        if before is not None:
            before(selector, i, picks)
            nodes = len(names_of(selector)) or nodes
        try:
            node = select() if given is None else select(given[i])
        except Exception as error:
            if type(error) is LookupError:  # the contract's word for 'no node is left'
                picks[i] = -1
                continue
            if not is_plain(selector):
                raise
            if "ellipsis" in str(error):
                raise StudentError(unfinished(who)) from error
            raise StudentError(
                f"Request {i + 1}: {who}.select() failed with {type(error).__name__}: {error}"
            ) from error
        if node is Ellipsis or (node is None and "..." in _source(selector)):
            raise StudentError(unfinished(who))
        if not isinstance(node, (int, np.integer)) or isinstance(node, bool):
            raise StudentError(
                f"Request {i + 1}: {who}.select() returned {node!r}; it must return the number of a node"
            )
        if node < 0 or (nodes is not None and node >= nodes):
            last = "" if nodes is None else f" to {nodes - 1}"
            raise StudentError(f"Request {i + 1}: {who}.select() returned {node}; the nodes have the numbers 0{last}")
        picks[i] = node
    return picks
