"""The circle that everybody draws: points with their nodes' names, and keys that walk on to the next one."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import numpy as np
from matplotlib.figure import Figure
from matplotlib.patches import FancyArrowPatch
from numpy.typing import NDArray

from lbcore import selectors
from lbcore.lab.exhibits.rings._circle import Circle, around, circle
from lbcore.lab.frame import style
from lbcore.lab.frame.exhibit import exhibit
from lbcore.lab.frame.inputs import number
from lbcore.lab.frame.result import Counts, Numbers, Result
from lbcore.lab.frame.words import Guess, listed, scored
from lbcore.selectors import reference

#: More points, or more keys, than these cannot be labelled.
MOST_POINTS, MOST_KEYS = 24, 12
#: Radii of the points' names, of the tracks on which keys walk, and of the keys' names.
POINTS, TRACKS, NAMES = 0.58, (0.79, 0.84, 0.89, 0.94), 1.09

#: The room for a key's name and its place, in points.
NAME_PT = 64
#: How far points must stand apart, in turns, for each to have its name beside it.
APART = 0.06


@dataclass(frozen=True, eq=False, repr=False)
class Walk(Result):
    """A ring, its keys, and how far each has walked; places and ways are in turns, from 0 to 1."""

    circle: Circle
    keys: tuple[str, ...]
    places: Numbers
    walked: int  # per cent of the circle

    @property
    def owners(self) -> Counts:
        """The node each key belongs to."""
        return self.circle.owners_of(self.places)

    @property
    def ways(self) -> Numbers:
        """From each key to the first point at or after it."""
        found = np.searchsorted(self.circle.at, self.places, side="left")
        ways: Numbers = np.append(self.circle.at, self.circle.at[0] + 1)[found] - self.places
        return ways

    @property
    def home(self) -> NDArray[np.bool_]:
        """Which keys have met a point."""
        home: NDArray[np.bool_] = self.ways <= self.walked / 100
        return home

    def sentence(self, prediction: Guess | None = None) -> str:
        """What came out."""
        at = [
            f"{self.circle.nodes[node]} at {100 * place:.1f} %"
            for place, node in zip(self.circle.at, self.circle.owner, strict=True)
        ]
        places = [f"{key} at {100 * place:.1f} %" for key, place in zip(self.keys, self.places, strict=True)]
        return f"Points: {listed(at)} of the circle. Keys: {listed(places)}. {self._news()}" + scored(
            prediction, int(self.home.sum())
        )

    def caption(self, sentence: str) -> str:
        """The places can be read in the picture."""
        return sentence[sentence.index(self._news()) :]

    def _news(self) -> str:
        """Who has met a point, and who has not."""
        met, owners = self.home, self.owners
        parts = []
        for node, name in enumerate(self.circle.nodes):
            those = [key for key, owner, home in zip(self.keys, owners, met, strict=True) if home and owner == node]
            if those:
                parts.append(f"{listed(those)} at {name}")
        if self.walked == 0:
            return "No key has walked yet."
        if not parts:
            return f"After {self.walked} % of the circle no key has met a point."
        still = [key for key, home in zip(self.keys, met, strict=True) if not home]
        text = f"After {self.walked} % of the circle a point was met by {'; '.join(parts)}."
        return text + (f" Still walking: {listed(still)}." if still else "")

    def draw(self, fig: Figure, prediction: Guess | None = None) -> None:
        """The circle, its points and its keys; a key that has met a point has its node's colour."""
        wide = style.width_of(fig)
        tall = min(500.0, max(400.0, 0.86 * wide))
        style.blank(tall, fig)
        ax = fig.add_axes((0, 0, 1, 1))
        # The circle is as large as the height allows, or the keys' names at its sides.
        unit = min(tall / 2 / 1.25, (wide / 2 - NAME_PT) / NAMES)
        ax.set(xlim=(-wide / 2 / unit, wide / 2 / unit), ylim=(-tall / 2 / unit, tall / 2 / unit))
        ax.set_axis_off()
        ax.plot(*around(np.linspace(0, 1, 361), 1.0), color=style.MUTED, linewidth=1.4, zorder=1)
        ax.plot(*around(np.array([0.0, 0.0]), np.array([0.97, 1.03])), color=style.INK, linewidth=1.4)
        ax.text(0, 1.09, "0", ha="center", va="center")
        ax.plot(*around(np.linspace(-0.2, 0.2, 41), 0.34), color=style.MUTED, linewidth=1.4)
        tip, tail = (tuple(around(np.array(turn), 0.34)) for turn in (0.24, 0.19))
        ax.add_patch(FancyArrowPatch(tail, tip, arrowstyle="-|>", mutation_scale=15, color=style.MUTED))
        ax.text(0, 0, "keys walk\nthis way", ha="center", va="center", color=style.MUTED, linespacing=1.3)
        last = -1.0
        for place, node in zip(self.circle.at, self.circle.owner, strict=True):
            look = style.node_look(int(node))
            x, y = around(np.array(place), 1.0)
            ax.plot(x, y, "o", ms=15, color=look["facecolor"], mec=style.INK, mew=0.8, zorder=4, gid="point")
            # Of points that stand close together only the first has room for its name.
            if place - last > APART:
                said = f"{self.circle.nodes[node]}\n{100 * place:.1f} %"
                ax.text(*around(place, POINTS), said, ha="center", va="center", weight="bold", linespacing=1.2)
                last = place
        gone = np.minimum(self.ways, self.walked / 100)
        for i, (key, place, node, home) in enumerate(zip(self.keys, self.places, self.owners, self.home, strict=True)):
            ink = style.colour(int(node)) if home else style.NEUTRAL
            track = TRACKS[i % len(TRACKS)]
            steps = place + np.linspace(0, gone[i], 2 + int(360 * gone[i] / 3))
            ax.plot(*around(steps, track), color=ink, linewidth=2.6, zorder=2, gid="way")
            x, y = around(steps[-1:], track)
            mark, gid = ("s", "home") if home else ("o", "walking")
            ax.plot(x, y, ls="none", marker=mark, ms=10, color=ink, mec=style.INK, mew=0.8, zorder=5, gid=gid)
            x, y = around(place, NAMES)
            ax.text(x, y, f"{key} {100 * place:.1f}", ha=_flush(x), va="center")


def _flush(x: float) -> str:
    """How text stands that is not to run into the circle."""
    return "center" if abs(x) < 0.05 else "left" if x > 0 else "right"


@exhibit(called={"walked": "walked so far, % of the circle"})
def walk(selector: Any, keys: Iterable[str | int], walked: int = 100) -> Walk:
    """The ring of `selector`, a HashRing, with `keys` on it that have all walked so many per cent of the circle."""
    if not isinstance(selector, selectors.HashRing):
        raise TypeError(f"selector: {selector!r} is no HashRing")
    made = circle(selector)
    if not 1 <= len(made.at) <= MOST_POINTS:
        raise ValueError(f"selector: {len(made.at):,} points are too many to be labelled; up to {MOST_POINTS} are")
    names = [keys] if isinstance(keys, (str, int)) else list(keys)
    number("keys", len(names), 1, MOST_KEYS)
    places = np.array([reference.hash64(key) for key in names], np.uint64).astype(np.float64) / 2.0**64
    found = Walk(made, tuple(map(str, names)), places, number("walked", walked, 0, 100))
    if (found.owners != [selector.select(key) for key in names]).any():
        raise ValueError("selector: its keys do not walk to the first point, as it has another hash, or a node is down")
    return found
