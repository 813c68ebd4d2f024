"""A hot key on a ring, and on one that bounds what a node may hold."""

import inspect
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from matplotlib.figure import Figure

from lbcore import selectors
from lbcore.lab.frame import style
from lbcore.lab.frame.drawing import guessed, height
from lbcore.lab.frame.exhibit import exhibit
from lbcore.lab.frame.inputs import distinct_keys, number, zipf_ranks
from lbcore.lab.frame.result import Counts, Result
from lbcore.lab.frame.words import Guess, nodes, scored
from lbcore.lab.student import classes


@dataclass(frozen=True, eq=False, repr=False)
class Bounded(Result):
    """Requests in flight at each node when one key is hot: on a ring, and on a ring with bounded loads."""

    name: str
    nodes: tuple[str, ...]
    eps: float
    ring: Counts
    ring_hot: Counts  # of those, the requests for the hottest key
    counts: Counts
    hot: Counts
    elsewhere: int  # requests that are not where the ring alone would put them
    requests: int
    keys: int
    exponent: float
    seed: int

    @property
    def mean(self) -> float:
        """The requests a node has on average."""
        return self.requests / len(self.nodes)

    @property
    def bound(self) -> int:
        """The most that a node may hold: (1 + eps) times the mean, rounded up."""
        millionths = 1_000_000 + round(self.eps * 1e6)
        return -(-millionths * self.requests // (1_000_000 * len(self.nodes)))

    def sentence(self, prediction: Guess | None = None) -> str:
        """What came out."""
        hot, holders = int(self.ring_hot.sum()), int((self.hot > 0).sum())
        top = int(self.ring.max())
        text = (
            f"Seed {self.seed}: {self.requests:,} requests in flight, {hot:,} of them for the hottest of "
            f"{self.keys:,} keys, at {self.nodes[int(self.ring_hot.argmax())]}. HashRing: up to {top:,}, at "
            f"{self.nodes[int(self.ring.argmax())]}, {top / self.mean:.2f} times the mean. "
            f"{self.name}, eps {self.eps:g}: up to {int(self.counts.max()):,}, where the bound is {self.bound:,}; "
            f"the hottest key is at {nodes(holders)}, and {self.elsewhere:,} "
            f"request{' is' if self.elsewhere == 1 else 's are'} not where the ring would put them."
        )
        return text + scored(prediction, float(self.ring.max()))

    def draw(self, fig: Figure, prediction: Guess | None = None) -> None:
        """Requests at each node, on the ring above and with the bound below; the hottest key is striped."""
        style.blank(430, fig)
        panels = style.place(fig, 2, 1, top=30, gridspec_kw={"hspace": 0.5})[:, 0]
        said = None if prediction is None else prediction[0]
        rows = (
            ("HashRing: requests in flight", self.ring, self.ring_hot, "ring"),
            (f"{self.name}, eps = {self.eps:g}", self.counts, self.hot, "bounded"),
        )
        places = range(len(self.nodes))
        for place, (ax, (title, counts, hot, gid)) in enumerate(zip(panels, rows, strict=True)):
            looks = [style.node_look(node, len(counts)) for node in places]
            for node, look in zip(places, looks, strict=True):
                ax.bar(node, counts[node] - hot[node], 0.8, zorder=2, gid=gid, **look)
                if hot[node]:
                    ax.bar(
                        node,
                        hot[node],
                        0.8,
                        bottom=counts[node] - hot[node],
                        zorder=2,
                        **style.striped(look["facecolor"]),
                        gid=f"{gid} hot",
                    )
            style.node_axis(ax, self.nodes)
            style.count_axis(ax, title, 4)
            height(ax, said if place == 0 else None, self.ring, self.counts, 1.1 * self.mean)
            style.line(ax, self.mean)
            labels = [(self.mean, f"mean {self.mean:,.5g}", style.MUTED)]
            if place:
                ax.axhline(self.bound, color=style.INK, linewidth=1.6, linestyle=(0, (1, 1)), zorder=3, gid="bound")
                beyond = " ↑" if self.bound > ax.get_ylim()[1] else ""
                labels.append((float(self.bound), f"bound {self.bound:,}{beyond}", style.INK))
            else:
                guessed(ax, said, prediction, labels)
            style.edge_labels(ax, labels)
        panels[0].set_xlabel("")
        panels[1].set_xlabel("node (narrow stripes: the hottest key)")


@exhibit(called={"eps": "eps, how far above the mean a node may go"}, truth=lambda result, _: result.ring.max())
def bounded(
    cls: Any = selectors.BoundedRing,
    eps: float = 0.25,
    *,
    nodes: int = 10,
    requests: int = 1_000,
    exponent: float = 1.0,
    keys: int = 1_000,
    seed: int = 7,
) -> Bounded:
    """Requests that are all in flight at once, whose keys follow Zipf's law, on a ring and on one with bounded loads.

    cls: `BoundedRing`, or a student's class that is made with (nodes, eps). requests: none has ended when the last
    one comes.
    """
    nodes, requests = number("nodes", nodes, 1, 64), number("requests", requests, 1, 20_000)
    seed, eps = number("seed", seed, 0, 2**63), float(eps)
    if not 0.01 <= eps <= 10:
        raise ValueError(f"eps: {eps:g} is not between 0.01 and 10")
    if not callable(getattr(cls, "select", None)) or not inspect.isclass(cls):
        raise TypeError(f"cls: {cls!r} is no class with select(key)")
    if not (classes.is_plain(cls) or issubclass(cls, selectors.BoundedRing)):
        raise TypeError(f"cls: {classes.name_of(cls)} has no bound; give BoundedRing or a class of your own")
    keys, exponent = number("keys", keys, 1, 1_000_000), float(exponent)
    rank = zipf_ranks(requests, exponent, keys, seed)
    asked = distinct_keys(keys, seed)[rank]
    make: Callable[..., Any] = cls
    selector = make(nodes, eps) if classes.is_plain(cls) else make(nodes, eps=eps)
    plain, run = classes.run(selectors.HashRing(nodes), asked), classes.run(selector, asked, (), nodes)
    hot = rank == 0
    return Bounded(
        classes.name_of(cls),
        plain.names,
        eps,
        plain.counts(),
        plain.counts(hot),
        run.counts(),
        run.counts(hot),
        int(np.count_nonzero(plain.picks != run.picks)),
        requests,
        keys,
        exponent,
        seed,
    )
