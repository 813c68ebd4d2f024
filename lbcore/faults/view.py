"""What one watcher knows of the nodes: their beats, its verdicts, and when to look again. Threads share it."""

import math
import threading
from typing import NamedTuple

from lbcore.faults.clocks.interface import Event
from lbcore.faults.detectors import Detector

__all__ = ["Change", "Seen", "View"]


class Change(NamedTuple):
    """A verdict that changed. time_s: when, in seconds; failed: what `watcher` holds of `node` from then on."""

    time_s: float
    watcher: str
    node: str
    failed: bool


class Seen:
    """What a watcher knows of one node."""

    __slots__ = ("detector", "failed", "last_s")

    def __init__(self, detector: Detector):
        self.detector, self.failed, self.last_s = detector.fresh(), False, -math.inf


class View:
    """One watcher's nodes. `guard` is held for a moment only, and never across a call of the clock's."""

    def __init__(self, watcher: str, nodes: list[str], detector: Detector, bell: Event):
        self.watcher, self.bell, self._detector = watcher, bell, detector
        self.guard = threading.Lock()
        self.seen = {node: Seen(detector) for node in nodes}
        #: When the watcher looks again if nobody rings its bell.
        self.wakes_s = math.inf

    def forget(self, now_s: float) -> None:
        """Begin to watch now: know nothing but the verdicts last reported."""
        with self.guard:
            for seen in self.seen.values():
                # Until the node is heard, a detector of its own counts from here.
                seen.detector, seen.last_s = self._detector.fresh(), -math.inf
                seen.detector.heartbeat(now_s)

    def hear(self, node: str, number: int, now_s: float) -> bool:
        """A beat. True where the watcher should look: the node is back, or its deadline comes before it wakes."""
        with self.guard:
            seen = self.seen[node]
            if seen.last_s == -math.inf:
                seen.detector = self._detector.fresh()
            seen.last_s = now_s
            seen.detector.heartbeat(now_s, number)
            deadline_s = seen.detector.deadline_s
            return deadline_s > now_s if seen.failed else deadline_s < self.wakes_s

    def look(self, now_s: float) -> list[Change]:
        """Judge every node; set when to look again, if nothing is heard until then."""
        changes: list[Change] = []
        with self.guard:
            self.wakes_s = math.inf
            for node, seen in self.seen.items():
                failed = seen.detector.failed(now_s)
                if failed != seen.failed:
                    seen.failed = failed
                    changes.append(Change(now_s, self.watcher, node, failed))
                if not failed:
                    self.wakes_s = min(self.wakes_s, seen.detector.deadline_s)
        return changes
