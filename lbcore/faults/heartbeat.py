"""Every node says 'I am here' at intervals; whoever watches counts a node as failed when nothing has come for long.

Senders and watchers are threads of a `Clock`, beats are messages of a `Network`, and a detector per watcher and node
draws the line. In the shape "central" one monitor watches all nodes; in "all" every node watches every other one: no
single place can take the watching down, n (n - 1) messages an interval are the price, and two watchers may disagree.

Node i of n sends its first beat i / n of an interval after the start: a hundred nodes do not beat in step. Beats are
numbered by their place in that timetable. One that falls into a pause, or the time after a crash, is sent when the
node acts again, and those before it never; a drifting clock stretches the timetable.

A watcher's thread sleeps until the next deadline, not until the next beat: beats only move deadlines. A beat that
arrives while the watcher is dead is gone; one that arrives while it pauses counts, but the watcher looks only later.
"""

import math
from collections.abc import Callable, Iterable, Sequence
from typing import Literal, NamedTuple

from lbcore.faults._checks import function_of, seconds
from lbcore.faults.clocks.interface import Clock, Thread
from lbcore.faults.detectors import Detector
from lbcore.faults.network import Network
from lbcore.faults.plan import Cut, FaultPlan
from lbcore.faults.view import Change, Seen, View

__all__ = ["Beat", "Change", "Heartbeats"]


class Beat(NamedTuple):
    """One beat as sent to one receiver. arrived_s: when it arrives, in seconds; NaN where it was lost on the way."""

    node: str
    number: int
    receiver: str
    sent_s: float
    arrived_s: float


class Heartbeats:
    """Real threads that beat, and others that watch.

    nodes: their names. detector: any rule of `detectors`; each watcher has a `fresh()` one for each node. interval_s:
    the time between two beats of a node, in seconds. shape: "central", with a watcher called `monitor`, or "all".
    network: what carries the beats; by default one without delay or loss, with the cuts of `plan`. plan: what befalls
    nodes and watchers; by default the network's. on_change: called with each `Change`, on the watcher's thread: it may
    wait, and meanwhile that watcher looks at nothing. record: whether to keep every `Beat` in `beats`.

    A node never heard since the watching began is judged as if it had beaten then; its first beat, even a late one,
    makes it trusted. A watcher that comes back from a crash begins anew, and takes every node to be well.

    >>> from lbcore.faults import Crash, FaultPlan, FixedTimeout, VirtualClock
    >>> clock = VirtualClock(seed=1)
    >>> plan = FaultPlan(Crash("b", at_s=10.0, back_s=20.0))
    >>> watch = Heartbeats(clock, ["a", "b"], FixedTimeout(3.0), plan=plan)
    >>> def main():
    ...     watch.start()
    ...     clock.sleep(30.0)
    ...     watch.stop()
    >>> clock.run(main)
    >>> [(change.time_s, change.node, change.failed) for change in watch.changes]
    [(12.5, 'b', True), (20.0, 'b', False)]
    """

    def __init__(
        self,
        clock: Clock,
        nodes: Sequence[str],
        detector: Detector,
        *,
        interval_s: float = 1.0,
        shape: Literal["central", "all"] = "central",
        network: Network | None = None,
        plan: FaultPlan | None = None,
        monitor: str = "monitor",
        on_change: Callable[[Change], object] | None = None,
        record: bool = False,
    ):
        if not isinstance(clock, Clock):
            raise TypeError(f"clock: expected a clock, got {clock!r}")
        self.clock, self.nodes = clock, _names(nodes)
        self.interval_s = seconds("interval_s", interval_s, zero=False)
        _patient(detector, self.interval_s)
        if shape not in ("central", "all"):
            raise ValueError(f"shape: {shape!r} is not 'central' or 'all'")
        if not isinstance(monitor, str) or not monitor:
            raise TypeError(f"monitor: expected a name, got {monitor!r}")
        if shape == "central" and monitor in self.nodes:
            raise ValueError(f"monitor: {monitor!r} is the name of a node")
        if shape == "all" and len(self.nodes) < 2:
            raise ValueError("nodes: one node alone has nobody to watch it")
        if network is not None and not isinstance(network, Network):
            raise TypeError(f"network: expected a Network, got {network!r}")
        if network is not None and network.clock is not clock:
            raise ValueError("network: it is on another clock")
        self.watchers = (monitor,) if shape == "central" else self.nodes
        if plan is not None:
            if not isinstance(plan, FaultPlan):
                raise TypeError(f"plan: expected a FaultPlan, got {plan!r}")
            plan.check({*self.nodes, *self.watchers})
            if network is not None and network.plan is not plan and any(isinstance(f, Cut) for f in plan.faults):
                raise ValueError("plan: it cuts links, which is the network's part; give the network this plan")
        elif network is not None:
            plan = network.plan
        if on_change is not None:
            function_of("on_change", on_change)
        self.plan = plan or FaultPlan()
        self.network = network or Network(clock, plan=plan)
        self._on_change, self._record = on_change, record
        #: Every verdict that changed, in the order of time.
        self.changes: list[Change] = []
        #: Every beat sent, where `record` was asked for.
        self.beats: list[Beat] = []
        self._views = {
            watcher: View(watcher, [node for node in self.nodes if node != watcher], detector, clock.event())
            for watcher in self.watchers
        }
        self._start_s = math.nan
        self._threads: list[Thread] = []
        self._over = clock.event()

    def start(self) -> None:
        """Start a thread for every node and every watcher. Belongs inside the clock's `run`; only once."""
        if self._threads:
            raise RuntimeError("start: these heartbeats were started before; make new ones")
        self._start_s = self.clock.now()
        for view in self._views.values():
            view.forget(self._start_s)
            self._threads.append(self.clock.spawn(self._watch, view, name=f"{view.watcher} watches"))
        for at, node in enumerate(self.nodes):
            first_s = self._start_s + self.interval_s * at / len(self.nodes)
            self._threads.append(self.clock.spawn(self._beat, node, first_s, name=node))

    def stop(self) -> None:
        """End the threads, and wait until they have ended. Beats under way still arrive."""
        self._over.set()
        for view in self._views.values():
            view.bell.set()
        for thread in self._threads:
            thread.join()

    def failed(self, node: str, watcher: str | None = None) -> bool:
        """What `watcher` holds of `node`: the last verdict it reported. In the shape "central" it need not be named."""
        return self._seen(node, watcher).failed

    def last_s(self, node: str, watcher: str | None = None) -> float:
        """When the last beat of `node` arrived at `watcher`, in seconds; -infinity before the first."""
        return self._seen(node, watcher).last_s

    def suspicion(self, node: str, watcher: str | None = None) -> float:
        """How much speaks for a failure of `node` by now, on the detector's own scale."""
        seen, view = self._seen(node, watcher), self._view(watcher)
        with view.guard:
            return seen.detector.suspicion(self.clock.now())

    def _view(self, watcher: str | None) -> View:
        if watcher is None and len(self._views) > 1:
            raise ValueError("watcher: every node watches here; name one")
        name = self.watchers[0] if watcher is None else watcher
        if name not in self._views:
            raise ValueError(f"watcher: {name!r} is not one of {list(self.watchers)!r}")
        return self._views[name]

    def _seen(self, node: str, watcher: str | None) -> Seen:
        view = self._view(watcher)
        if node not in view.seen:
            raise ValueError(f"node: {node!r} is not one of {list(view.seen)!r}")
        return view.seen[node]

    # What the threads do

    def _beat(self, node: str, first_s: float) -> None:
        """The thread of a node."""
        clock, plan, send, over = self.clock, self.plan, self.network.send, self._over
        interval_s = plan.real_s(node, self.interval_s)
        receivers = [view for name, view in self._views.items() if name != node]
        number = 0
        while not over.wait(max(0.0, first_s + number * interval_s - clock.now())):
            now_s = clock.now()
            acts_s = plan.acts_s(node, now_s)
            if acts_s == math.inf or (acts_s > now_s and over.wait(acts_s - now_s)):
                return
            # After a pause, or where a real thread was late by more than an interval, some are never sent.
            number = max(number, math.floor((acts_s - first_s) / interval_s))
            for view in receivers:
                arrives_s = send(node, view.watcher, self._arrive, view, node, number)
                if self._record:
                    lost = math.nan if arrives_s is None else arrives_s
                    self.beats.append(Beat(node, number, view.watcher, clock.now(), lost))
            number += 1

    def _arrive(self, view: View, node: str, number: int) -> None:
        """A timed callback: a beat is here."""
        now_s = self.clock.now()
        if self.plan.alive(view.watcher, now_s) and view.hear(node, number, now_s):
            view.bell.set()

    def _watch(self, view: View) -> None:
        """The thread of a watcher."""
        clock, plan, over = self.clock, self.plan, self._over
        crashes, since_s = plan.crashes(view.watcher), self._start_s
        while True:
            # Cleared first: whoever rings from here on is heard, whether by what is read below or by the bell itself.
            view.bell.clear()
            if over.is_set():
                return
            now_s = clock.now()
            acts_s = plan.acts_s(view.watcher, now_s)
            if acts_s == math.inf or (acts_s > now_s and over.wait(acts_s - now_s)):
                return
            if plan.crashed_between(view.watcher, since_s, acts_s):
                view.forget(acts_s)
            since_s = acts_s
            for change in view.look(clock.now()):
                self.changes.append(change)
                if self._on_change is not None:
                    self._on_change(change)
            wakes_s = min([view.wakes_s, *(at_s for at_s, _ in crashes if at_s > since_s)])
            view.bell.wait(None if wakes_s == math.inf else max(0.0, wakes_s - clock.now()))


def _names(nodes: Sequence[str]) -> tuple[str, ...]:
    if isinstance(nodes, str) or not isinstance(nodes, Iterable) or not all(isinstance(n, str) and n for n in nodes):
        raise TypeError(f"nodes: expected a list of names, got {nodes!r}")
    names = tuple(nodes)
    if not names:
        raise ValueError("nodes: expected at least one name")
    if len(set(names)) < len(names):
        twice = next(name for at, name in enumerate(names) if name in names[:at])
        raise ValueError(f"nodes: {twice!r} is there twice")
    return names


def _patient(detector: Detector, interval_s: float) -> None:
    """An error where the detector would fail every node between two beats."""
    if not isinstance(detector, Detector) or isinstance(detector, type):
        raise TypeError(f"detector: expected a detector, got {detector!r}")
    trial = detector.fresh()
    trial.heartbeat(0.0, 0)
    if not trial.deadline_s > interval_s:
        raise ValueError(
            f"detector: {detector!r} fails a node {trial.deadline_s:g} s after a beat, and the next one is due only "
            f"after interval_s, {interval_s:g} s"
        )
