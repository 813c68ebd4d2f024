"""What moves when the nodes change: each key's node before and after it."""

import inspect
import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from matplotlib.figure import Figure

from lbcore import selectors
from lbcore._counting import bincount
from lbcore.lab.exhibits.rings._circle import changed, circle
from lbcore.lab.frame import style
from lbcore.lab.frame.drawing import columns, digits
from lbcore.lab.frame.exhibit import exhibit
from lbcore.lab.frame.inputs import distinct_keys, labelled, number
from lbcore.lab.frame.result import Counts, Result
from lbcore.lab.frame.words import Guess, nodes, scored
from lbcore.lab.student import classes

#: Up to here every old owner has its own piece of a column; beyond, what arrived is one piece.
MOST_PIECES = 16


@dataclass(frozen=True, eq=False, repr=False)
class MovesRow(Result):
    """Where one algorithm's keys were before a change of the nodes, and where they are after it."""

    label: str
    before: tuple[str, ...]
    after: tuple[str, ...]
    flow: Counts  # keys, shape (before, after)
    moved: int
    theory: float | None  # the share of keys that should move

    @property
    def arrived(self) -> Counts:
        """The keys of each node after the change that were elsewhere before: shape (before, after)."""
        stays = np.array([[old == new for new in self.after] for old in self.before], dtype=bool)
        return np.where(stays.reshape(self.flow.shape), 0, self.flow)


@dataclass(frozen=True, eq=False, repr=False)
class Moves(Result):
    """How many keys changed their node when the nodes changed, for each algorithm."""

    rows: tuple[MovesRow, ...]
    keys: int

    @property
    def percent(self) -> tuple[float, ...]:
        """The moved keys of each algorithm, in per cent."""
        return tuple(100 * row.moved / self.keys for row in self.rows)

    def sentence(self, prediction: Guess | None = None) -> str:
        """What came out."""
        rows = []
        for row, moved in zip(self.rows, self.percent, strict=True):
            theory = "" if row.theory is None else f" (theory {100 * row.theory:.1f} %)"
            same = row.before == row.after
            change = f"the same {nodes(len(row.after))}" if same else f"{len(row.before):,} to {nodes(len(row.after))}"
            rows.append(f"{row.label}, {change}: {row.moved:,} of {self.keys:,} keys moved, {moved:.1f} %{theory}.")
        return " ".join(rows) + scored(prediction, self.percent[0], 1)

    def draw(self, fig: Figure, prediction: Guess | None = None) -> None:
        """What share moved, and each node's keys: what stayed is solid, what came from elsewhere striped."""
        block, left, right = 310.0, 62.0, 116.0
        height = 8 + block * len(self.rows)
        style.blank(height, fig)
        width = style.width_of(fig)
        wide = (width - left - right) / width
        for i, (row, moved) in enumerate(zip(self.rows, self.percent, strict=True)):
            top = height - 8 - i * block
            strip = style.put(fig, (left / width, (top - 48) / height, wide, 24 / height))
            ax = style.put(fig, (left / width, (top - block + 48) / height, wide, (block - 48 - 94) / height))
            strip.barh([0], [100 - moved], left=[moved], color=style.NEUTRAL, gid="stayed")
            strip.barh(
                [0],
                [moved],
                facecolor=style.PAPER,
                edgecolor=style.NEUTRAL,
                hatch=style.STRIPES,
                linewidth=1,
                gid="moved",
            )
            strip.set(xlim=(0, 100), ylim=(-0.4, 0.4))
            for edge in strip.spines.values():
                edge.set_visible(False)
            strip.set_yticks([])
            strip.set_xticks(range(0, 101, 20), [f"{tick} %" for tick in range(0, 101, 20)])
            theory = "" if row.theory is None else f" (theory {100 * row.theory:.1f} %)"
            strip.set_title(f"{row.label}: {moved:.1f} % moved{theory}", weight="bold", pad=5)
            if prediction is not None:
                at = min(max(prediction[0], 0.0), 100.0)
                strip.axvline(at, color=style.GUESS, linestyle=(0, (5, 3)), linewidth=2.6, gid="prediction")
                strip.text(
                    1.012,
                    0.5,
                    f"you: {digits(prediction[0], '%')}",
                    transform=strip.transAxes,
                    va="center",
                    color=style.GUESS,
                )
            ahead = np.zeros(len(row.after))
            arrived = row.arrived
            kept = row.flow.sum(axis=0) - arrived.sum(axis=0)
            places = np.arange(len(row.after))
            # A node keeps the colour it had before the change, also where its index is another now.
            looks = [row.before.index(name) if name in row.before else len(row.before) for name in row.after]
            solid = ax.bar(places, kept, 0.8, gid="stayed")
            for look, bar in zip(looks, solid, strict=True):
                bar.set(**style.node_look(look, len(row.after)) | {"hatch": ""})  # stripes are for what moved
            ahead = kept.astype(float)
            pieces = [(style.colour(old), arrived[old], str(old)) for old in range(len(row.before))]
            if len(pieces) > MOST_PIECES:
                pieces = [(style.NEUTRAL, arrived.sum(axis=0), "")]
            # Colours come again from the ninth node on: where there is room, a piece says whose it was.
            highest = max(1.0, float(row.flow.sum(axis=0).max(initial=0)) * 1.05)
            pt = ax.get_position().height * height / highest
            numbered = wide * width / max(1, len(row.after)) >= 20
            for face, keys, whose in pieces:
                some = np.flatnonzero(keys)
                columns(
                    ax,
                    some,
                    ahead[some],
                    ahead[some] + keys[some],
                    **style.striped(face),
                    gid="moved",
                )
                for node in some[keys[some] * pt >= 13] if numbered and whose else ():
                    ax.text(
                        node,
                        ahead[node] + keys[node] / 2,
                        whose,
                        ha="center",
                        va="center_baseline",
                        color=style.on(face),
                        bbox={"facecolor": face, "edgecolor": "none", "pad": 0.5},
                    )
                ahead += keys
            style.node_axis(ax, row.after, "node after the change")
            style.count_axis(ax, f"keys (of {self.keys:,})", 4)
            ax.set_ylim(0, highest)
            note = "solid: stayed\nstriped: moved"
            if len(row.before) <= MOST_PIECES:
                note += ",\ncolour, number:\nthe old node" if numbered else ",\ncolour:\nthe old node,\n0 lowest"
            ax.text(1.012, 0.98, note, transform=ax.transAxes, va="top", color=style.MUTED)


@exhibit(called={"before": "algorithm"}, truth=lambda result, _: result.percent[0])
def moves(
    before: Any,
    after: Any = None,
    keys: Any = 10_000,
    *,
    nodes: int = 10,
    seed: int = 7,
    slots: int | None = None,
) -> Moves:
    """How many keys change their node from `before` to `after`, and from where to where; nodes are compared by name.

    before: a selector, or a class that is made for `nodes` nodes (and so many `slots`), or a list of them to compare
    algorithms. after: selectors, one for each; or a number (one node more, unless told), and it is `before` with nodes
    added, or the last ones removed, until it has so many. keys: how many distinct keys (made from `seed`), or the keys
    themselves.
    """
    old = labelled(before)
    later = list(after) if isinstance(after, (list, tuple)) else [after] * (len(old) if _is_count(after) else 1)
    if len(old) != len(later):
        raise ValueError(f"after: {len(later)} selectors, but {len(old)} before")
    counted = isinstance(keys, (int, np.integer))
    given = distinct_keys(number("keys", keys, 1), seed) if counted else keys
    if not isinstance(given, np.ndarray):
        given = list(given)
    if not len(given):
        raise ValueError("keys: give at least one")
    pairs = []
    for (label, one), other in zip(old, later, strict=True):
        made = classes.made(one, nodes, seed=seed, slots=slots)
        if not _is_count(other):
            pairs.append((label, made, other))
            continue
        count = nodes + 1 if other is None else other
        grown = inspect.isclass(one) and not callable(getattr(one, "add", None))
        pairs.append(
            (label, made, classes.made(one, count, seed=seed, slots=slots) if grown else _resized(made, count))
        )
    if any(classes.is_plain(one) for _, a, b in pairs for one in (a, b)):
        given = given[: classes.MOST_PICKS]
    return Moves(tuple(_row(label, a, b, given) for label, a, b in pairs), len(given))


def _row(label: str, a: Any, b: Any, given: Any) -> MovesRow:
    """What moves from selector `a` to selector `b`."""
    for one in (a, b):
        if not classes.is_keyed(one):
            raise TypeError(f"before: {classes.name_of(one)} picks without a key, so no key can move")
    was, now = classes.run(a, given), classes.run(b, given)
    placed = (was.picks >= 0) & (now.picks >= 0)
    flow = bincount(
        was.picks[placed].astype(np.int64) * len(now.names) + now.picks[placed],
        minlength=len(was.names) * len(now.names),
    ).reshape(len(was.names), len(now.names))
    if not classes.is_plain(a) and not classes.is_plain(b):
        moved = int(selectors.moved(a, b, given))
    else:
        same = sum(int(flow[i, now.names.index(name)]) for i, name in enumerate(was.names) if name in now.names)
        moved = len(given) - same
    return MovesRow(label, was.names, now.names, flow, moved, _theory(a, b))


def _is_count(value: Any) -> bool:
    return value is None or (isinstance(value, (int, np.integer)) and not isinstance(value, bool))


def _resized(selector: Any, count: Any) -> Any:
    """A copy with `count` nodes: the new ones are called as the old ones are, by the first number that is free."""
    count = number("after", count, 1, 100_000)
    have = len(classes.names_of(selector))
    verb = "add" if count > have else "remove"
    if count != have and not callable(getattr(selector, verb, None)):
        raise TypeError(
            f"after: {classes.name_of(selector)} has no {verb}(), which {have} to {count} nodes needs; "
            "give the selector after the change"
        )
    resized = classes.duplicate(selector)
    free = (f"node-{i}" for i in range(have + count) if f"node-{i}" not in classes.names_of(selector))
    for _ in range(count - have):
        # A twin's add() and a student's take no name: their nodes are numbers.
        resized.add() if classes.is_plain(resized) else resized.add(next(free))
    for last in range(have - 1, count - 1, -1):
        resized.remove(last)
    return resized


def _theory(before: Any, after: Any) -> float | None:
    """The share of keys that should move; None where there is no law, as for a student's own class.

    Where a table or a ring says who owns what, it is the part of it that changes hands, which is exact.
    """
    kind = type(before)
    if type(after) is not kind or kind not in _LAWS:
        return None  # a twin's or a student's `up` may be anything
    if not (before.up.all() and after.up.all()):
        return None
    return _LAWS[kind](before, after)


def _modulo(before: Any, after: Any) -> float:
    return 1 - kept_share(before.nodes, after.nodes)


def kept_share(before: tuple[str, ...], after: tuple[str, ...]) -> float:
    """The share of keys that hash mod N leaves where they are, when the nodes change from `before` to `after`.

    A hash is i modulo len(before) and j modulo len(after) once in their least common multiple, if it can be at all.
    """
    n, m = len(before), len(after)
    place = {name: j for j, name in enumerate(after)}
    divisor = math.gcd(n, m)
    kept = sum(1 for i, name in enumerate(before) if name in place and (place[name] - i) % divisor == 0)
    return kept / math.lcm(n, m)


def _table(before: Any, after: Any) -> float | None:
    """A key moves when its slot does."""
    if len(before.owners) != len(after.owners):
        return None
    names = np.array(before.nodes)[before.owners], np.array(after.nodes)[after.owners]
    return float(np.mean(names[0] != names[1]))


def _ring(before: Any, after: Any) -> float | None:
    """A key moves when its part of the circle does."""
    for state in (before.__getstate__(), after.__getstate__()):
        if state["rule"] != "first" or state["bits"] != 64:
            return None
    return float(np.diff(changed(circle(before), circle(after)), axis=1).sum())


def _jump(before: Any, after: Any) -> float | None:
    """Jump hash sees numbers of nodes only, so their names must be in the same order."""
    few, many = sorted((before.nodes, after.nodes), key=len)
    return 1 - len(few) / len(many) if many[: len(few)] == few else None


def _rendezvous(before: Any, after: Any) -> float | None:
    """A key stays if its node would win among all nodes, old and new."""
    old, new = (dict(zip(one.nodes, one.weights.tolist(), strict=True)) for one in (before, after))
    if any(old[name] != new[name] for name in old.keys() & new.keys()):
        return None
    return 1 - float(sum(old[name] for name in old.keys() & new.keys()) / sum((old | new).values()))


_LAWS: dict[type, Callable[[Any, Any], float | None]] = {
    selectors.ModuloHash: _modulo,
    selectors.HashSlots: _table,
    selectors.Maglev: _table,
    selectors.HashRing: _ring,
    selectors.JumpHash: _jump,
    selectors.Rendezvous: _rendezvous,
}
