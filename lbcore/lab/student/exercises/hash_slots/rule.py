"""Lesson 04: a new node takes over its fair share of the slots, and nothing else moves.

The rule: the new node gets slots / nodes of them, rounded down or up; no slot moves between two old nodes; where the
old nodes were even, they stay so, within one slot. Which slots move is free, so classes are compared by how many slots
each old node had, gave and got, whatever its number. And a request goes to the owner of slot hash(key) mod slots.
"""

from collections.abc import Sequence
from typing import Any

from lbcore.lab.student.match import Calls, Scripted, Tape
from lbcore.lab.student.trial import NotAttempted, Wrong, attribute, node
from lbcore.selectors import reference

LESSON = "04"

#: Nodes and slots of balancers that stand side by side, and how many nodes join each, one by one.
_Script = tuple[tuple[tuple[int, int], ...], int]

_KEYS = ("ann", "bob", "cia", "dan", "eve", "", *(f"user-{i}" for i in range(30)))
_HASHES = [reference.hash64(key) for key in _KEYS]


class Moves(list[Any]):
    """What is compared of a join: what the new node has, and what each old node had, gave it, gave others, and got."""

    def __init__(self, before: Sequence[int], after: Sequence[int], new: int) -> None:
        """The owners of all slots before and after."""
        self.before, self.after, self.new = before, after, new
        given = [[0] * (new + 1) for _ in range(new)]
        for old, owner in zip(before, after, strict=True):
            given[old][owner] += 1
        others = [sum(row[:new]) - row[old] for old, row in enumerate(given)]
        got = [sum(row[old] for row in given) - given[old][old] for old in range(new)]
        rows = [[before.count(old), given[old][new], others[old], got[old]] for old in range(new)]
        super().__init__([after.count(new), *sorted(rows)])


def _table(balancer: Any, slots: int, nodes: int) -> list[int] | str:
    """The owner of each slot; or what is wrong with it, as a sentence."""
    owner = balancer.owner
    try:
        listed = [owner[slot] for slot in range(slots)] if isinstance(owner, dict) else list(owner)
    except (TypeError, KeyError):
        if owner is Ellipsis:
            raise NotAttempted from None
        return "`owner` is no list of all slots any more. It says for every slot which node has it."
    if len(listed) != slots:
        return f"`owner` has {len(listed)} slots now, not {slots}. Their number never changes; their owners do."
    for slot, one in enumerate(listed):
        if one is Ellipsis:
            raise NotAttempted
        try:
            listed[slot] = node("", one, nodes)
        except Wrong:
            shown = repr(one) if isinstance(one, (int, float, str, type(None))) else f"a {type(one).__name__}"
            return f"owner[{slot}] is {shown}; the nodes have the numbers 0 to {nodes - 1}."
    return listed


def _first_table(balancer: Any, where: str, slots: int, nodes: int) -> list[int]:
    """That of a balancer of which nothing was asked yet."""
    attribute(balancer, "owner")
    table = _table(balancer, slots, nodes)
    if isinstance(table, str):
        raise Wrong(f"{where}: {table}")
    return table


def _made(script: _Script, cls: type, calls: Calls) -> list[tuple[int, Any, list[int]]]:
    found = []
    for nodes, slots in script[0]:
        where = f"Slots({nodes}, {slots})"
        balancer = calls.make(where, cls, nodes, slots)
        found.append((nodes, balancer, _first_table(balancer, where, slots, nodes)))
    return found


def _grow(script: _Script, cls: type, calls: Calls) -> None:
    made = _made(script, cls, calls)
    for join in range(script[1]):
        for at, (nodes, balancer, before) in enumerate(made):
            new, slots, add = nodes + join, len(before), attribute(balancer, "add")

            def joined(add: Any = add, one: Any = balancer, before: Any = before, new: int = new) -> Any:
                add()
                after = _table(one, len(before), new + 1)
                return after if isinstance(after, str) else Moves(before, after, new)

            moves = calls.ask(f"{slots:,} slots, from {new} to {new + 1} nodes", joined)
            if not isinstance(moves, Moves):
                return
            made[at] = nodes, balancer, list(moves.after)


def _judge_growth(script: _Script, tape: Tape) -> None:
    for where, moves in zip(tape.wheres, tape.answers, strict=True):
        if not isinstance(moves, Moves):
            raise Wrong(f"{where}: {moves}")
        _judge_moves(where, moves)


def _judge_moves(where: str, moves: Moves) -> None:
    before, after, new = moves.before, moves.after, moves.new
    slots = len(before)
    share = slots // (new + 1), -(-slots // (new + 1))
    asked = str(share[0]) if share[0] == share[1] else f"{share[0]} or {share[1]}"
    for slot, (old, owner) in enumerate(zip(before, after, strict=True)):
        if old != owner != new:
            moved = sum(a != b for a, b in zip(before, after, strict=True))
            raise Wrong(
                f"{where}: {moved} slots moved, where {asked} would do. Slot {slot} went from node {old} to node "
                f"{owner}, and only the new one may take slots."
            )
    got = after.count(new)
    if not share[0] <= got <= share[1]:
        raise Wrong(f"{where}: the new node, {new}, has {got or 'no'} slot{'s' * (got > 1)}; its share is {asked}.")
    had, kept = ([table.count(old) for old in range(new)] for table in (before, after))
    if max(had) - min(had) <= 1 < max(kept) - min(kept):
        most, least = kept.index(max(kept)), kept.index(min(kept))
        raise Wrong(
            f"{where}: node {most} keeps {kept[most]} slots, and node {least} keeps {kept[least]}. The old nodes "
            "should stay even."
        )


class _Pick(list[Any]):
    """What is compared of a pick; beside it what was picked, the key's slot, and the slot's owner."""

    def __init__(self, compared: Any, pick: Any, slot: int, due: int) -> None:
        """A pick."""
        self.pick, self.slot, self.due = pick, slot, due
        super().__init__([compared])


def _ask_keys(script: _Script, cls: type, calls: Calls) -> None:
    """Where the keys go. After a join it is free which node has a slot, so all that is compared is whether it is it."""
    [(nodes, balancer, table)] = _made(script, cls, calls)
    slots, joins = len(table), script[1]
    for _ in range(joins):
        calls.make("add()", attribute(balancer, "add"))
    owner = _table(balancer, slots, nodes + joins) if joins else table
    if isinstance(owner, str):
        raise Wrong(owner)
    select = attribute(balancer, "select")
    for key, bits in zip(_KEYS, _HASHES, strict=True):
        slot = bits % slots

        def picked(key: str = key, slot: int = slot, due: int = int(owner[slot])) -> _Pick:
            pick = select(key)
            if pick is Ellipsis:
                raise NotAttempted
            return _Pick(pick in range(nodes + joins) and pick == due if joins else pick, pick, slot, due)

        after = " after add()" if joins else ""
        calls.ask(f"{nodes} nodes, {slots} slots, select({key!r}){after}", picked)


def _judge_keys(script: _Script, tape: Tape) -> None:
    for where, answer in zip(tape.wheres, tape.answers, strict=True):
        pick = node(where, answer.pick, script[0][0][0] + script[1])
        if pick != answer.due:
            raise Wrong(
                f"{where}: the key's slot is {answer.slot}, its owner node {answer.due}, and you took node {pick}."
            )


#: The easiest to follow first; then sizes where a share may be nothing, and most mistakes show other signs as well.
_LARGE = [
    (((n, slots),), joins) for n, slots, joins in ((3, 12, 1), (10, 110, 1), (4, 300, 3), (3, 12, 2), (5, 101, 3))
]
_SMALL = [(((n, slots),), 3) for n in range(1, 7) for slots in (*range(1, 26), 60)]


STAGES = (
    Scripted([*_LARGE, (((3, 12), (2, 12), (3, 12)), 2)], _grow, _judge_growth),
    Scripted(_SMALL, _grow, _judge_growth),
    Scripted([(((n, slots),), 0) for n, slots in ((4, 300), (3, 12), (7, 7), (1, 5))], _ask_keys, _judge_keys),
    Scripted([(((4, 300),), 1), (((3, 12),), 3)], _ask_keys, _judge_keys),
)
RIGHT = (
    "Right: the new node takes its fair share, the old ones stay even, and no slot moves between them. "
    "From 10 to 11 nodes, 10 of 110 slots move; hash mod n would move 100."
)
