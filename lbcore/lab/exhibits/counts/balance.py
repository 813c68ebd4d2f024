"""Requests at each node, beside what each should get: by turns, by weight, or by chance."""

from dataclasses import dataclass
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from numpy.typing import NDArray

from lbcore import selectors
from lbcore._counting import bincount
from lbcore.lab.exhibits.counts._asked import Nodes, Weights, cut_short, ready
from lbcore.lab.exhibits.counts._binomial import binomial_band
from lbcore.lab.frame import style
from lbcore.lab.frame.drawing import bars, columns, guessed, height, many_nodes, runs_of
from lbcore.lab.frame.exhibit import exhibit
from lbcore.lab.frame.inputs import distinct_keys, number
from lbcore.lab.frame.result import Counts, Numbers, Result
from lbcore.lab.frame.words import Guess, amount, listed, mean_of, nodes, percent, scored, upper
from lbcore.lab.student import classes
from lbcore.selectors import reference


@dataclass(frozen=True, eq=False, repr=False)
class Balance(Result):
    """How many requests each node got, and how many it should have got."""

    name: str
    nodes: tuple[str, ...]
    counts: Counts
    expected: Numbers
    low: Counts | None  # the band of what is no surprise, both ends inside; None where no theory says
    high: Counts | None
    exact: bool  # the band is what must be (round robin), not what 95 % of runs are
    up: NDArray[np.bool_]
    requests: int
    asked: int  # more than `requests` where a plain Python class would have taken too long
    seed: int | None

    @property
    def busiest(self) -> int:
        """The requests at the busiest node."""
        return int(self.counts.max())

    @property
    def even(self) -> bool:
        """Whether every node that is up should get the same, but for a hundredth (slots do not divide evenly)."""
        alive = self.expected[self.up]
        return alive.size == 0 or bool(np.ptp(alive) <= 0.01 * float(alive.mean()))

    def sentence(self, prediction: Guess | None = None) -> str:
        """What came out."""
        if not self.requests:
            return f"No request was made, so each of {nodes(len(self.nodes))} has none." + scored(prediction, 0)
        up = int(self.up.sum())
        seed = "" if self.seed is None else f"seed {self.seed}: "
        if not self.counts.any():
            return upper(f"{seed}no node is up, so none of {self.requests:,} requests was served.")
        who = nodes(up) if up == len(self.nodes) else f"the {nodes(up)} that {'is' if up == 1 else 'are'} up"
        text = f"{seed}the busiest of {who} got {self.busiest:,} of {self.requests:,} requests"
        if self.even:
            mean = self.requests / up
            above = 100 * (self.busiest / mean - 1) if mean else 0.0
            if self.requests >= up:  # of fewer, a percentage says nothing
                text += f", {percent(above)} % above the mean" if above > 1e-9 else ", exactly the mean"
        else:
            node = int(self.counts.argmax())
            text += f": {self.nodes[node]}, whose share is {amount(self.expected[node])}"
        every = self.exact and self.busiest * up == self.requests  # all have the mean, and that has been said
        if self.low is not None and self.high is not None and not every:
            inside = int(((self.counts >= self.low) & (self.counts <= self.high))[self.up].sum())
            one = inside == 1 and up == 1
            band = (
                f"ha{'s' if one else 've'} the mean, rounded down or up"
                if self.exact
                else f"lie{'s' * one} inside the 95 % band"
            )
            text += f"; {inside:,} of {nodes(up)} {band}"
        idle = int((self.counts[self.up] == 0).sum())
        text = upper(text) + "."
        if idle:
            text += f" {idle:,} of {nodes(up)} got none."
        down = [name for name, alive in zip(self.nodes, self.up, strict=True) if not alive]
        if down:
            who = listed(down) if len(down) <= 3 else f"{len(down):,} nodes"
            text += f" {who} {'is' if len(down) == 1 else 'are'} down."
        in_percent = prediction is not None and prediction.unit == "%"
        truth = 100 * self.busiest / self.requests if in_percent else self.busiest
        return text + cut_short(self.requests, self.asked) + scored(prediction, truth, int(in_percent))

    def draw(self, fig: Figure, prediction: Guess | None = None) -> None:
        """A bar for each node, or the outline of many; below, where all should get the same, what is above the mean.

        Theory is a line with its band; who is down is crossed. At a million requests only the lower picture tells.
        """
        n, outline = len(self.nodes), len(self.nodes) > style.MOST_BARS
        closer = self.even and not outline and self.requests > 0 and bool(self.up.any())
        style.blank(440 if closer else 300, fig)
        how: dict[str, Any] = {"gridspec_kw": {"hspace": 0.34, "height_ratios": [3, 2]}} if closer else {}
        axes = style.place(fig, 1 + closer, 1, sharex=True, **how)[:, 0]
        order = np.lexsort((-self.counts, -self.expected)) if outline else np.arange(n)
        self._whole(axes[0], order, prediction, band=not closer)
        if closer:
            self._beside_the_mean(axes[1])
            axes[0].xaxis.set_visible(False)  # the lower one names the nodes
        if outline:
            many_nodes(axes[-1], n)
        else:
            style.node_axis(axes[-1], self.nodes)
            style.crosses(axes[0], np.flatnonzero(~self.up))

    def _whole(self, ax: Axes, order: NDArray[np.int64], prediction: Guess | None, *, band: bool) -> None:
        """The requests of each node, from zero on."""
        n, outline = len(order), len(order) > style.MOST_BARS
        counts, expected = self.counts[order], self.expected[order]
        said = None if prediction is None else prediction[0] * (self.requests / 100 if prediction[1] == "%" else 1)
        height(ax, said, counts, expected, 0 if self.high is None else self.high.max(initial=0))
        bars(ax, counts, outline=outline)
        labels = []
        last = int(np.flatnonzero(self.up[order])[-1]) if self.up.any() else n - 1
        if self.low is not None and self.high is not None:
            low, high = self.low[order].astype(float), self.high[order].astype(float)
            self._band(ax, self.up[order], low, high, outline=outline)
            if band and not self.exact and self.requests:
                labels.append((high[last], "95 % band", style.MUTED))
        if self.even and self.up.any():
            mean = self.requests / int(self.up.sum())
            style.line(ax, mean)
            labels.append((mean, mean_of(mean, 1e5), style.INK))
        elif outline:
            ax.stairs(*runs_of(expected), color=style.INK, linewidth=1.0, zorder=3)
            labels.append((float(expected[last]), "by weight", style.INK))
        elif self.up.any():
            ax.hlines(expected, np.arange(n) - 0.5, np.arange(n) + 0.5, color=style.INK, linewidth=1.0, zorder=3)
            labels.append((float(expected[last]), "by weight", style.INK))
        guessed(ax, said, prediction, labels)
        style.edge_labels(ax, labels)
        style.count_axis(ax, "requests")

    def _beside_the_mean(self, ax: Axes) -> None:
        """The same bars as requests above or below the mean, and the band around it."""
        alive, mean = np.flatnonzero(self.up), self.requests / int(self.up.sum())
        above = self.counts[alive] - mean
        columns(ax, alive, np.minimum(above, 0), np.maximum(above, 0), facecolor=style.NEUTRAL, zorder=2, gid="above")
        style.line(ax, 0)
        labels, ends = [(0.0, "mean", style.INK)], [*above, 0.0]
        if self.low is not None and self.high is not None:
            low, high = (ends_of.astype(float) - mean for ends_of in (self.low, self.high))
            self._band(ax, self.up, low, high, outline=False)
            names = ("rounded up", "rounded down") if self.exact else ("95 % band", "")
            if (high > low)[alive].any():  # where the mean is a whole number, rounding leaves it as it is
                labels += [(high[alive[-1]], names[0], style.MUTED), (low[alive[-1]], names[1], style.MUTED)]
            ends += [low[alive].min(), high[alive].max()]
        room = 0.12 * float(np.ptp(ends)) or 1.0
        ax.set_ylim(min(ends) - room, max(ends) + room)
        style.edge_labels(ax, labels)
        style.count_axis(ax, "requests above or below the mean", 5)

    def _band(
        self, ax: Axes, up: NDArray[np.bool_], low: NDArray[np.float64], high: NDArray[np.float64], *, outline: bool
    ) -> None:
        """Where each node's count is no surprise."""
        band: dict[str, Any] = {"facecolor": style.BAND, "alpha": 0.4, "linewidth": 0, "zorder": 1.5, "gid": "band"}
        if up.all() and not np.ptp(low) and not np.ptp(high):
            ax.axhspan(low[0], high[0], **band)
        elif outline:
            ax.stairs(high, np.arange(len(low) + 1) - 0.5, baseline=low, fill=True, **band)
        else:
            alive = np.flatnonzero(up)
            ax.bar(alive, (high - low)[alive], 1.0, low[alive], **band)


@exhibit(
    called={"weights[]": "weight of node-{}"},
    truth=lambda result, unit: result.busiest * (100 / max(1, result.requests) if unit == "%" else 1),
)
def balance(
    selector: Any,
    requests: int | None = None,
    keys: Any = None,
    *,
    nodes: Nodes = None,
    weights: Weights = None,
    seed: int = 7,
    down: Any = None,
    slots: int | None = None,
) -> Balance:
    """Requests at each node, beside what each should get.

    selector: a selector, or a class that is made for `nodes` nodes (10, or as many as there are weights, unless told).
    requests: 1,000, or as many as there are keys, unless told. keys: for a selector that picks by key, the keys of the
    requests; left out, distinct keys made from `seed`. down: a node or several, by name or index, that go down before
    the first request; None, or the word 'none' or 'nobody', for none. The band, where a law is known: the two whole
    numbers around the mean for round robin, the central 95 % of the exact binomial for random picks and for distinct
    keys.
    """
    one, known = ready(selector, nodes, weights, seed, slots)
    keyed = classes.is_keyed(one)
    if keys is not None and not keyed:
        raise TypeError(f"keys: {classes.name_of(one)} takes no keys")
    if keys is not None and not isinstance(keys, np.ndarray):
        keys = list(keys)
    count = number("requests", (1_000 if keys is None else len(keys)) if requests is None else requests)
    if keys is not None and count > len(keys):
        raise ValueError(f"requests: {count} requests, but only {len(keys)} keys")
    drawn = keyed and keys is None
    asked = distinct_keys(count, seed) if drawn else keys[:count] if keyed else count
    run = classes.run(one, asked, _several(down), known)
    picked, n = len(run.picks), len(run.names)
    share, law = _share(one, run.up, drawn)
    low = high = None
    if share is None:
        share, law = np.zeros(n), ""
    if law == "turns":
        low, high = np.floor(share * picked + 1e-9).astype(np.int64), np.ceil(share * picked - 1e-9).astype(np.int64)
    elif law == "binomial":
        low, high = binomial_band(picked, share)
    return Balance(
        classes.name_of(one),
        run.names,
        run.counts(),
        share * picked,
        low,
        high,
        law == "turns",
        run.up,
        picked,
        run.asked,
        seed if drawn else classes.seed_of(one),
    )


def _several(down: Any) -> list[Any]:
    """The nodes that are down, given as one, several, None or a word for nobody."""
    if down is None or (isinstance(down, str) and down in ("none", "nobody")):
        return []
    return list(down) if isinstance(down, (list, tuple)) else [down]


def _share(selector: Any, up: NDArray[np.bool_], keyed_at_random: bool) -> tuple[NDArray[np.float64] | None, str]:
    """The share of the requests that theory gives each node, and its law: "turns", "binomial" or "" for none."""
    live = up.astype(np.float64)
    kind, law = type(selector), ""
    if kind in (selectors.RoundRobin, reference.RoundRobin):
        law = "turns"
    elif kind in (selectors.Random, reference.Random) or (kind is selectors.ModuloHash and keyed_at_random):
        law = "binomial"
    elif kind is selectors.HashSlots and keyed_at_random:
        live = live * bincount(selector.owners, minlength=len(up))
        law = "binomial"
    else:
        weights = getattr(selector, "weights", None)
        if weights is not None and len(weights) == len(up):
            live = live * np.asarray(weights, dtype=np.float64)
        law = "binomial" if kind in (selectors.WeightedRandom, reference.WeightedRandom) else ""
    return (live / live.sum() if live.sum() > 0 else None), law
