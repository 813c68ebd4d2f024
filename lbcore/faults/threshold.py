"""How many errors move a node's requests elsewhere."""

import math
from collections import deque
from collections.abc import Hashable
from typing import Literal

from lbcore.faults._checks import count, moment, seconds

__all__ = ["ErrorThreshold"]

Node = str | int


class ErrorThreshold:
    """Errors are recorded; when a node's reach the threshold, its requests are reassigned to another node.

    threshold: how many errors, from 1. per: "node" adds up what all requests met on a node, "request" what one request
    met there; below the threshold a failed request tries the same node again. keep_s: how long an error counts, in
    seconds; infinity for ever. A node that is taken back starts anew with `clear`.

    >>> rule = ErrorThreshold(3)
    >>> [rule.error("node-1", now_s) for now_s in (0.0, 1.0, 2.0)], rule.reached("node-1", 2.0)
    ([False, False, True], True)
    >>> rule.clear("node-1")
    >>> rule.reached("node-1", 2.0)
    False
    """

    __slots__ = ("_times", "keep_s", "per", "threshold")

    def __init__(self, threshold: int = 3, *, per: Literal["node", "request"] = "node", keep_s: float = math.inf):
        self.threshold = count("threshold", threshold)
        if per not in ("node", "request"):
            raise ValueError(f"per: {per!r} is not 'node' or 'request'")
        self.per = per
        self.keep_s = seconds("keep_s", keep_s, zero=False, endless=True)
        # For each request, or for None where they are all one: the last `threshold` errors of each node. No others
        # matter, for the threshold is reached while the oldest of these still counts.
        self._times: dict[Hashable, dict[Node, deque[float]]] = {}

    def __repr__(self) -> str:
        return f"ErrorThreshold({self.threshold}, per={self.per!r}, keep_s={self.keep_s:g})"

    def _scope(self, request: Hashable) -> Hashable:
        return request if self.per == "request" else None

    def error(self, node: Node, now_s: float, request: Hashable = None) -> bool:
        """Record an error on a node; whether the threshold is reached with it."""
        now_s = moment("now_s", now_s, endless=False)
        nodes = self._times.setdefault(self._scope(request), {})
        nodes.setdefault(node, deque(maxlen=self.threshold)).append(now_s)
        return self.reached(node, now_s, request)

    def reached(self, node: Node, now_s: float, request: Hashable = None) -> bool:
        """Whether requests should leave the node."""
        return self.errors(node, now_s, request) >= self.threshold

    def errors(self, node: Node, now_s: float, request: Hashable = None) -> int:
        """How many errors count against the node, up to the threshold."""
        now_s = moment("now_s", now_s)
        times_s = self._times.get(self._scope(request), {}).get(node, ())
        return sum(now_s - time_s < self.keep_s for time_s in times_s)

    def clear(self, node: Node) -> None:
        """Forget all errors of a node."""
        for nodes in self._times.values():
            nodes.pop(node, None)

    def done(self, request: Hashable) -> None:
        """A request is over: forget what was recorded for it alone."""
        if self.per == "request":
            self._times.pop(request, None)
