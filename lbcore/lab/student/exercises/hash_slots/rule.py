"""Lesson 04: a new node takes over its fair share of the slots, and nothing else moves.

The rule: the new node gets slots / nodes of them, rounded down or up; no slot moves between two old nodes; and
where the old nodes were even, they stay so, within one slot. Which slots move is free.
"""

from collections.abc import Sequence
from typing import Any

from lbcore.lab.student.trial import Budget, NotAttempted, Watched, Wrong, ask, attribute, node

LESSON = "04"

#: Nodes at the start, slots, how many nodes join one by one. Small first: its sentences are the easiest to check.
_CASES = ((3, 12, 1), (3, 12, 3), (10, 110, 1), (1, 7, 4), (4, 300, 3))
_STEPS = 5_000_000  # looks at a slot in one add: a slow right way needs half a million


def _owners(where: str, balancer: Any, slots: int, nodes: int) -> list[int]:
    owner = attribute(balancer, "owner")
    if owner is Ellipsis:
        raise NotAttempted
    try:
        listed = list(owner)
    except TypeError:
        raise Wrong(f"{where}: `owner` is no list any more. It says for every slot which node has it.") from None
    if len(listed) != slots:
        raise Wrong(
            f"{where}: `owner` has {len(listed)} slots now, not {slots}. The number of slots never changes; "
            "their owners do."
        )
    for slot, one in enumerate(listed):
        if one is Ellipsis:
            raise NotAttempted
        try:
            node(where, one, nodes)
        except Wrong:
            raise Wrong(f"{where}: owner[{slot}] is {one!r}; the nodes have the numbers 0 to {nodes - 1}.") from None
    return [int(one) for one in listed]


def _judge(where: str, before: Sequence[int], after: Sequence[int], new: int) -> None:
    slots, nodes = len(before), new + 1
    low, high = slots // nodes, -(-slots // nodes)
    share = str(low) if low == high else f"{low} or {high}"
    got = after.count(new)
    moved = sum(a != b for a, b in zip(before, after, strict=True))
    between = [slot for slot in range(slots) if before[slot] != after[slot] != new]
    losses = [sum(b == old != a for b, a in zip(before, after, strict=True)) for old in range(new)]
    keeps = [after.count(old) for old in range(new)]
    anew = ([slot % nodes for slot in range(slots)], [slot * nodes // slots for slot in range(slots)])
    if between and list(after) in anew:
        raise Wrong(
            f"{where}: {moved} of {slots} slots moved, and {share} would do. You deal all slots anew, as "
            "hash mod n does."
        )
    if between:
        slot = between[0]
        raise Wrong(
            f"{where}: slot {slot} moved from node {before[slot]} to node {after[slot]}, both old. "
            f"Only the new node, {new}, may take slots."
        )
    if got == 0:
        raise Wrong(
            f"{where}: the new node, {new}, has no slot, so it will get no request. "
            f"Its fair share is {share} of {slots}."
        )
    if not low <= got <= high:
        if got > high and got == slots // new:
            name = f"That is the share of each of {new} nodes. Now they are {nodes}."
        else:
            name = "That is too many." if got > high else "That is too few."
        raise Wrong(f"{where}: the new node, {new}, has {got} of {slots} slots; its fair share is {share}. {name}")
    givers = [old for old in range(new) if losses[old]]
    if max(before.count(old) for old in range(new)) - min(before.count(old) for old in range(new)) > 1:
        return
    if max(keeps) - min(keeps) > 1:
        most, least = keeps.index(max(keeps)), keeps.index(min(keeps))
        name = f"You take all from node {givers[0]}." if len(givers) == 1 else "Some old nodes give more than others."
        raise Wrong(f"{where}: node {most} keeps {keeps[most]} slots and node {least} {keeps[least]}. {name}")


def grade(cls: type) -> str:
    """The sentence for a right answer; `Wrong` for another."""
    for nodes, slots, joins in _CASES:
        budget = Budget(_STEPS)
        balancer = ask(f"Slots({nodes}, {slots})", cls, nodes, slots, budget=budget)
        add = attribute(balancer, "add")
        for new in range(nodes, nodes + joins):
            where = f"{slots:,} slots, from {new} to {new + 1} nodes"
            budget.refill()
            before = _owners(where, balancer, slots, new)
            if isinstance(balancer.owner, list):
                balancer.owner = Watched(balancer.owner, budget)
            ask(where, add, budget=budget)
            budget.refill()
            _judge(where, before, _owners(where, balancer, slots, new + 1), new)
    return (
        "Right: the new node takes its fair share, the old ones stay even, and no slot moves between them. "
        "From 10 to 11 nodes, 10 of 110 slots move; hash mod n would move 100."
    )
