"""A selector in plain Python that asks others: for rules whose hot part is compiled already.

What a system decides before it picks, such as which group of servers serves now, costs a few microseconds here.
"""

from collections import Counter
from collections.abc import Iterable, Sequence
from operator import index
from threading import RLock
from typing import Any, SupportsIndex

import numpy as np
from numpy.typing import ArrayLike, NDArray

from lbcore._checks import short, whole
from lbcore.selectors import Selector
from lbcore.selectors.errors import AllFull

Key = str | bytes | SupportsIndex
Node = str | SupportsIndex
FULL = -2  # instead of a node: every one that is up has its limit


class Chooser(Selector):
    """The contract of a selector, but for nodes that come and go. A subclass says whom to choose.

    names, numbers: of all nodes, and their weights. by_key: whether it picks by key, which is text. load: whether a
    request is in flight from its pick until `release`.
    """

    def __init__(self, names: Sequence[str], numbers: Sequence[int], by_key: bool, load: bool):
        self._names, self._numbers = tuple(names), list(numbers)
        self._index = {name: i for i, name in enumerate(names)}
        self._up, self._load, self._counts = [True] * len(names), [0] * len(names), load
        self.keyed, self.weighted, self.keeps_load = by_key, True, load  # type: ignore[misc]
        self._lock = RLock()

    # ---- for a subclass ----------------------------------------------------------------------------------------------

    def _choose(self, key: Any, avoid: list[int]) -> int:
        """The index of the node, or -1, or FULL."""
        raise NotImplementedError

    def _ended(self, node: int, ok: bool, latency_s: float | None) -> None:
        """A request has ended."""

    def _marked(self) -> None:
        """Who is up has changed."""

    def _rewind(self) -> None:
        """Back to the first pick."""

    def _check_key(self, key: Any) -> None:
        """Raises where a key that is text has not the right form."""

    def _live(self, node: int) -> bool:
        return self._up[node] and self._numbers[node] > 0

    # ---- the contract ------------------------------------------------------------------------------------------------

    @property
    def nodes(self) -> tuple[str, ...]:
        return self._names

    @property
    def weights(self) -> NDArray[np.int64]:
        return np.array(self._numbers, np.int64)

    @property
    def up(self) -> NDArray[np.bool_]:
        return np.array(self._up, np.bool_)

    @property
    def in_flight(self) -> NDArray[np.int64]:
        if not self._counts:
            raise AttributeError(f"{type(self).__name__} keeps no load, so it has no in_flight")
        return np.array(self._load, np.int64)

    def select(self, key: Key | None = None, *, avoid: Iterable[Node] = ()) -> int:
        self._look(key, "key")
        if isinstance(avoid, (str, bytes)) or not hasattr(avoid, "__iter__"):
            raise TypeError(f"avoid: {short(avoid)} is of type {type(avoid).__name__}; give a list of nodes")
        tried = [self._find(node, "avoid") for node in avoid]
        with self._lock:
            node = self._choose(key, tried)
            if node == FULL:
                raise AllFull(f"every node is full: {self!r}")
            if node < 0:
                raise LookupError(f"no node is left: {self!r}")
            self._load[node] += self._counts
        return node

    def select_many(
        self, requests: SupportsIndex | Sequence[Key] | NDArray[Any], *, out: NDArray[np.int32] | None = None
    ) -> NDArray[np.int32]:
        if self.keyed:
            if not isinstance(requests, (list, tuple)):
                raise TypeError(
                    f"requests: {short(requests)} is of type {type(requests).__name__}; give a list of keys"
                )
            keys: list[Any] = list(requests)
            for i, key in enumerate(keys):
                self._look(key, f"requests[{i}]")
        else:
            keys = [None] * whole("requests", requests, 0, 2**31 - 1)
        if out is not None:
            if not isinstance(out, np.ndarray) or out.dtype != np.int32 or out.ndim != 1:
                raise TypeError("out: give a 1-D array of int32")
            if len(out) < len(keys) or not out.flags.c_contiguous or not out.flags.writeable:
                raise ValueError(f"out: give a contiguous, writable array of {len(keys)} places or more")
        picks = np.empty(len(keys), np.int32) if out is None else out[: len(keys)]
        with self._lock:
            for i, key in enumerate(keys):
                picks[i] = node = max(self._choose(key, []), -1)
                if node >= 0:
                    self._load[node] += self._counts
        return picks

    def release(
        self,
        node: Node | Sequence[int] | NDArray[np.integer[Any]],
        ok: bool | Sequence[bool] | NDArray[np.bool_] = True,
        latency_s: ArrayLike | None = None,
    ) -> None:
        each: list[Any] = list(node) if isinstance(node, (list, tuple, np.ndarray)) else [node]
        nodes = [self._find(one, "node") for one in each]
        oks = np.broadcast_to(np.asarray(ok, np.bool_), len(nodes))
        latencies = np.broadcast_to(np.asarray(np.nan if latency_s is None else latency_s, np.float64), len(nodes))
        with self._lock:
            for one, many in Counter(nodes).items() if self._counts else ():
                if self._load[one] < many:
                    raise ValueError(f"node: {self._names[one]!r} has no more requests in flight to release")
            for one, fine, latency in zip(nodes, oks.tolist(), latencies.tolist(), strict=True):
                self._load[one] -= self._counts
                self._ended(one, fine, None if latency_s is None else latency)

    def mark_down(self, node: Node) -> None:
        self._mark(node, False)

    def mark_up(self, node: Node) -> None:
        self._mark(node, True)

    def add(self, node: str, weight: SupportsIndex = 1) -> None:
        raise ValueError(f"node: {short(node)} cannot come to a {type(self).__name__}; make a new one")

    def remove(self, node: Node) -> None:
        raise ValueError(f"node: {short(node)} cannot leave a {type(self).__name__}; make a new one")

    def reset(self) -> None:
        with self._lock:
            self._up, self._load = [True] * len(self._names), [0] * len(self._names)
            self._rewind()
            self._marked()

    def __repr__(self) -> str:
        down = [name for name, up in zip(self._names, self._up, strict=True) if not up]
        text = f"{type(self).__name__}({list(self._names[:6])}{', ...' if len(self._names) > 6 else ''})"
        return f"<{text}, down: {', '.join(down[:6])}>" if down else text

    def __getstate__(self) -> dict[str, Any]:
        with self._lock:
            return {"attributes": {name: value for name, value in self.__dict__.items() if name != "_lock"}}

    def __setstate__(self, state: dict[str, Any]) -> None:
        self.__dict__.update(state["attributes"], _lock=RLock())

    # ---- checks ------------------------------------------------------------------------------------------------------

    def _find(self, node: Any, argument: str) -> int:
        if isinstance(node, str):
            if node not in self._index:
                raise ValueError(f"{argument}: {short(node)} is no node")
            return self._index[node]
        if isinstance(node, (bool, np.bool_)) or not hasattr(node, "__index__"):
            raise TypeError(f"{argument}: {short(node)} is of type {type(node).__name__}; give a name or an index")
        if not 0 <= index(node) < len(self._names):
            raise IndexError(f"{argument}: {index(node)} is outside 0 to {len(self._names) - 1}")
        return index(node)

    def _look(self, key: Any, argument: str) -> None:
        """Raises where a key is missing, superfluous or no text."""
        if not self.keyed:
            if key is not None:
                raise TypeError(f"key: {type(self).__name__} takes no key; call select()")
        elif not isinstance(key, (str, bytes)):
            raise TypeError(f"{argument}: {short(key)} is of type {type(key).__name__}; a key is text: str or bytes")
        else:
            try:
                self._check_key(key.encode() if isinstance(key, str) else key)
            except UnicodeEncodeError:
                raise ValueError(f"{argument}: {short(key)} has a lone surrogate, which UTF-8 cannot hold") from None
            except ValueError as error:
                raise ValueError(f"{argument}{str(error).removeprefix('key')}") from None

    def _mark(self, node: Node, up: bool) -> None:
        i = self._find(node, "node")
        with self._lock:
            if self._up[i] != up:
                self._up[i] = up
                self._marked()


class Queued(Chooser):
    """A chooser whose nodes have limits: where all are full a request waits for the first that has room again.

    While others wait, a request is not picked for: it joins them, unless the rule `jumps_the_queue`.
    """

    jumps_the_queue = False

    def _takes(self, node: int) -> bool:
        """Whether the node may serve now and has room; what it asks has then taken the request too."""
        raise NotImplementedError

    def accept(self, node: Node) -> bool:
        """A request that waited because all were full goes to `node`; whether that one has room, and takes it."""
        i = self._find(node, "node")
        with self._lock:
            taken = self._takes(i)
            self._load[i] += taken and self._counts
        return taken
