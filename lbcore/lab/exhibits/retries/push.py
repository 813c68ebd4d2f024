"""Two states of one service: how much it is asked for, by how long a request takes, and a push to the other."""

import math
from dataclasses import dataclass

import numpy as np
from matplotlib.figure import Figure

from lbcore._checks import real
from lbcore._counting import bincount
from lbcore.lab.exhibits.retries._metastable import metastable
from lbcore.lab.exhibits.retries._shaded import shaded
from lbcore.lab.exhibits.retries.brownout import CAPACITY, LOW
from lbcore.lab.frame import style
from lbcore.lab.frame.exhibit import exhibit
from lbcore.lab.frame.inputs import number
from lbcore.lab.frame.result import Counts, Numbers, Result
from lbcore.lab.frame.words import Guess, scored

#: brownout's service and clients; the brown-out begins sooner, and may be shorter.
RATE, TIMEOUT_S, FROM_S, UNTIL_S = 240, 1.0, 5.0, 25.0
#: No picture is higher, in seconds that a request takes.
MOST_S = 4.0


@dataclass(frozen=True, eq=False, repr=False)
class Push(Result):
    """A service through a brown-out of some length, and how long each request took that was sent to it."""

    lasts_s: float
    retries: int
    attempts: Counts  # in each second
    sent_s: Numbers
    took_s: Numbers  # one for each attempt
    recovered: bool
    seed: int

    @property
    def worst_s(self) -> float:
        """The longest that a request took which was sent in the brown-out."""
        return float(self.took_s[(self.sent_s >= FROM_S) & (self.sent_s < FROM_S + self.lasts_s)].max())

    @property
    def means_s(self) -> Numbers:
        """How long a request took that was sent in each second, in the mean."""
        sums_s: Numbers = bincount(self.sent_s, self.took_s, len(self.attempts))
        return sums_s / np.maximum(1, self.attempts)

    def sentence(self, prediction: Guess | None = None) -> str:
        """What came out."""
        end = "It comes back by itself." if self.recovered else "It stays stuck."
        return (
            f"Seed {self.seed}, up to {self.retries} retries, a brown-out of {self.lasts_s:g} s. "
            f"A request sent in it takes up to {self.worst_s:.2f} s. {end}" + scored(prediction, self.worst_s, 2)
        )

    def draw(self, fig: Figure, prediction: Guess | None = None) -> None:
        """What comes by how long a request takes, a dot for each second; below, how long it takes as time goes on."""
        style.blank(420, fig)
        load, took = style.place(fig, 2, 1, left=62, right=112, gridspec_kw={"hspace": 0.66})[:, 0]
        most = RATE * (1 + self.retries)
        law = [0, TIMEOUT_S, TIMEOUT_S, MOST_S], [RATE, RATE, most, most]
        load.plot(*law, color=style.INK, linewidth=2.2, gid="law")
        style.line(load, CAPACITY)
        calm = np.ones(len(self.attempts), bool)
        calm[int(FROM_S) : math.ceil(FROM_S + self.lasts_s)] = False
        x, y = np.minimum(self.means_s, 0.98 * MOST_S), self.attempts
        load.plot(x[calm], y[calm], "o", color=style.COLOURS[0], markersize=6, zorder=4, gid="seconds")
        load.set(xlim=(0, MOST_S), ylim=(0, 1.15 * max(most, CAPACITY, int(self.attempts.max()))))
        style.count_axis(load, "attempts a second, outside the brown-out", 5)
        style.edge_labels(load, [(float(most), "comes", style.INK), (float(CAPACITY), "can be done", style.INK)])
        load.set_xlabel("seconds that a request takes then (at the edge: more)")
        took.plot(self.sent_s, np.minimum(self.took_s, 2 * MOST_S), color=style.COLOURS[0], linewidth=1.6, gid="took")
        took.axhline(TIMEOUT_S, color=style.WARNING, linewidth=1.2)
        shaded(took, FROM_S, FROM_S + self.lasts_s, "")
        took.set(xlim=(0, UNTIL_S), ylim=(0, MOST_S))
        style.edge_labels(took, [(TIMEOUT_S, "client hangs up", style.WARNING)])
        took.set_title("seconds that a request takes (shaded: brown-out)")
        took.set_xlabel("time at which it comes, seconds")


@exhibit(
    called={"lasts_s": "length of the brown-out, seconds", "retries": "retries allowed"},
    truth=lambda result, _: result.worst_s,
    seeds=5,
)
def push(lasts_s: float = 1.5, retries: int = 3, *, seed: int = 7) -> Push:
    """The service of `brownout` whose clients send again at once, through a brown-out of lasts_s seconds.

    It can do 300 requests a second, 100 in the brown-out, which begins at 5 s; its users send 240.
    """
    lasts_s = real("lasts_s", lasts_s, 0.5, 5.0)
    retries, seed = number("retries", retries, 0, 10), number("seed", seed, 0, 2**63)
    found = metastable(
        RATE,
        retries,
        capacity_per_s=CAPACITY,
        timeout_s=TIMEOUT_S,
        outage_from_s=FROM_S,
        outage_s=lasts_s,
        outage_capacity_per_s=LOW,
        until_s=UNTIL_S,
        seed=seed,
    )
    return Push(lasts_s, retries, found.attempts, found.sent_s, found.end_s - found.sent_s, found.recovered, seed)
