"""Lesson 06: least connections, with the ends of requests counted and ties shared.

The rule is tested on a fixed order of requests and ends. Which of the best nodes is taken is free, and how it is chosen
too, as long as no node is left out while all are idle.
"""

from collections.abc import Sequence
from typing import Any

from lbcore.lab.student.trial import Budget, Watched, Wrong, ask, attribute, node
from lbcore.selectors.reference import Draws

LESSON = "06"

_NODES = 5
_STEPS = 4_000
_SEED = 6
#: Requests that meet an idle cluster: a node drawn fairly is missing in all of them once in 10**19.
_IDLE = 200


class _Draws:
    """The student's draws, few enough to end a loop."""

    def __init__(self, seed: int, budget: Budget) -> None:
        self.draws, self.budget, self.asked = Draws(seed), budget, 0

    def below(self, n: int) -> int:
        """One draw from 0 to n - 1."""
        self.budget.spend()
        self.asked += 1
        if n < 1:
            raise Wrong(f"below({n}) has nothing to draw from: below(k) draws one of 0 to k - 1.")
        return int(self.draws.below(int(n)))


class _Trial:
    """A student's balancer, and beside it what it should know."""

    def __init__(self, cls: type) -> None:
        self.budget = Budget(1_000)
        self.rng = _Draws(_SEED, self.budget)
        self.balancer = ask(f"FewestInFlight({_NODES}, rng)", cls, _NODES, self.rng, budget=self.budget)
        if type(getattr(self.balancer, "in_flight", None)) is list:
            self.balancer.in_flight = Watched(self.balancer.in_flight, self.budget)
        self.held, self.asked, self.picks = [0] * _NODES, 0, [0] * _NODES

    def select(self) -> int:
        """One request; the node that it went to."""
        self.asked += 1
        where = f"Request {self.asked}"
        pick = node(where, ask(where, attribute(self.balancer, "select"), budget=self.budget), _NODES)
        self.held[pick] += 1
        self.picks[pick] += 1
        return pick

    def release(self, at: int) -> None:
        """The end of a request."""
        ask(f"release({at})", attribute(self.balancer, "release"), at, budget=self.budget)
        self.held[at] -= 1

    def known(self) -> Sequence[int] | None:
        """What the balancer takes to be in flight, where it still keeps the list."""
        try:
            found = [int(count) for count in self.balancer.in_flight]
        except (AttributeError, TypeError, ValueError):
            return None
        return found if len(found) == _NODES else None


def _check_the_books(cls: type) -> None:
    """One request and its end."""
    trial = _Trial(cls)
    pick = trial.select()
    known = trial.known()
    if known is not None and known != trial.held:
        raise Wrong(f"Request 1 went to node {pick}, and your `in_flight` is {known}, not {trial.held}.")
    trial.release(pick)
    known = trial.known()
    if known is None or known == trial.held:
        return
    if known[pick] == 1 and sum(known) == 1:
        raise Wrong(
            f"After release({pick}) your `in_flight` still has 1 for node {pick}. Those are requests so far, "
            "not requests in flight."
        )
    if known[pick] == 2:
        raise Wrong(f"release({pick}) adds a request to node {pick}. It tells you that one has ended.")
    raise Wrong(f"A request went to node {pick} and ended there; now your `in_flight` is {known}, not all 0.")


def _check_the_picks(cls: type) -> _Trial:
    """Requests and ends in an order that is always the same; the first breach of the rule."""
    trial, order = _Trial(cls), Draws(_SEED + 1)
    breaches, most, places, wrong = 0, 0, True, ""
    for _ in range(_STEPS):
        busy = [i for i in range(_NODES) if trial.held[i]]
        if busy and (sum(trial.held) > 12 or order.below(2)):
            trial.release(busy[order.below(len(busy))])
            continue
        before = list(trial.held)
        pick = trial.select()
        places = places and pick < before.count(min(before))
        if before[pick] == min(before):
            continue
        breaches += 1
        most += before[pick] == max(before)
        best = before.index(min(before))
        wrong = wrong or (
            f"Request {trial.asked}: you took node {pick} with {before[pick]} in flight, and node {best} had "
            f"{before[best]}."
        )
    if breaches:
        raise Wrong(f"{wrong} {_named(trial, most == breaches, places)}".rstrip())
    return trial


def _named(trial: _Trial, most: bool, places: bool) -> str:
    """What the mistake is called, where it has a name."""
    known = trial.known()
    if known is not None and known != trial.held:
        return f"Your `in_flight` is wrong by now: {known}, while {trial.held} are in flight."
    if max(trial.picks) == trial.asked:
        return "All your requests go to one node."
    if most:
        return "You look for the most, not the fewest."
    if places:
        return "You draw a place in the list of tied nodes, and take it for a node."
    if max(trial.picks) - min(trial.picks) <= 1:
        return "These are turns: they do not look at the queues."
    if trial.rng.asked >= 2 * trial.asked:
        return "Two draws see two nodes. Here you may look at all of them."
    if trial.rng.asked >= trial.asked:
        return "What you draw must be one of the tied nodes."
    return ""


def _check_the_ties(cls: type) -> None:
    """Every request meets an idle cluster, so all nodes are as good."""
    trial = _Trial(cls)
    for _ in range(_IDLE):
        trial.release(trial.select())
    missing = [i for i, picks in enumerate(trial.picks) if not picks]
    if len(missing) == _NODES - 1:
        only = trial.picks.index(_IDLE)
        which = "first" if only == 0 else "last" if only == _NODES - 1 else "same"
        raise Wrong(
            f"The picks are right, the ties are not: in an idle cluster all {_IDLE} requests went to node {only}. You "
            f"always take the {which} of equals."
        )
    if missing:
        who = f"node {missing[0]} gets" if len(missing) == 1 else f"nodes {', '.join(map(str, missing))} get"
        raise Wrong(f"The picks are right, the ties are not: in an idle cluster {who} none of {_IDLE} requests.")


def grade(cls: type) -> str:
    """The sentence for a right answer; `Wrong` for another."""
    _check_the_books(cls)
    trial: Any = _check_the_picks(cls)
    _check_the_ties(cls)
    return (
        f"Right: {trial.asked:,} requests, each to a node with the fewest in flight, and equals share. "
        "Run the next cell: your class meets the queues."
    )
