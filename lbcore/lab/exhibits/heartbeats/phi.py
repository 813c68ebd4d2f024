"""What phi is a probability of: the gaps of a living node, the bell curve that a detector laid over them, a silence."""

import math
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from matplotlib.figure import Figure

from lbcore._checks import real
from lbcore.faults import ExponentialDelay
from lbcore.faults._checks import seconds
from lbcore.faults.detectors.phi import phi_normal
from lbcore.faults.quality import beats
from lbcore.lab.frame import style
from lbcore.lab.frame.exhibit import exhibit
from lbcore.lab.frame.inputs import number
from lbcore.lab.frame.result import Numbers, Result
from lbcore.lab.frame.words import Guess, significant

BEATS = 100_000
#: Higher than any threshold in use.
MOST_PHI = 16.0
BIN_S = 0.05


@dataclass(frozen=True, eq=False, repr=False)
class Phi(Result):
    """One silence as phi accrual sees it, beside how often a living node is silent for as long."""

    silence_s: float
    mean_s: float  # what was learnt, without the pause
    sd_s: float
    pause_s: float
    threshold: float
    gaps_s: Numbers  # of a node that never died
    loss: float
    seed: int

    def phi(self, silence_s: float) -> float:
        """The suspicion after a silence of this length."""
        return phi_normal(silence_s, self.mean_s + self.pause_s, self.sd_s)

    @property
    def fails_s(self) -> float:
        """The silence at which phi reaches the threshold; no threshold is further than 12 deviations away."""
        at_s = self.mean_s + self.pause_s + self.sd_s * np.linspace(-12.0, 12.0, 2401)
        return float(np.interp(self.threshold, [self.phi(t) for t in at_s], at_s))

    @property
    def as_long(self) -> int:
        """How many gaps of the living node lasted so long."""
        return int((self.gaps_s >= self.silence_s).sum())

    def sentence(self, prediction: Guess | None = None) -> str:
        """What came out."""
        level, count, many = self.phi(self.silence_s), self.as_long, len(self.gaps_s)
        pause = f" and a pause of {self.pause_s:g} s" if self.pause_s else ""
        text = f"After a silence of {self.silence_s:g} s phi is {level:.1f}"
        text += f": by Akka's formula for its bell curve (mean {self.mean_s:.2f} s{pause}, deviation {self.sd_s:.2f} s)"
        text += f" one gap in {_odds(level)} lasts so long. Of {many:,} gaps of this living node {count:,} did"
        text += f", one in {_odds(math.log10(many / count))}." if count else "."
        return f"{text} Phi {self.threshold:g} is reached after {self.fails_s:.1f} s."

    def caption(self, sentence: str) -> str:
        """Without where phi reaches the threshold, which the picture shows."""
        return sentence.partition(f" Phi {self.threshold:g} is reached")[0]

    def draw(self, fig: Figure, prediction: Guess | None = None) -> None:
        """The gaps and the bell curve above, longer ones shaded; below phi as it rises, by the curve and in truth."""
        style.blank(390, fig)
        grid = {"hspace": 0.52, "height_ratios": (150, 130)}
        law, level = style.place(fig, 2, 1, left=46, right=84, top=36, bottom=46, sharex=True, gridspec_kw=grid)[:, 0]
        most = max(5.0, math.ceil(self.fails_s), math.ceil(self.silence_s + 0.01))
        edges = np.arange(0.0, most + BIN_S / 2, BIN_S)
        share = 100 * np.histogram(self.gaps_s, edges)[0] / len(self.gaps_s)
        law.stairs(share, edges, fill=True, color=style.NEUTRAL, linewidth=0, zorder=2, gid="gaps")
        at_s = np.linspace(0.0, most, 1001)
        y = (at_s - self.mean_s - self.pause_s) / self.sd_s
        bell = 100 * BIN_S * np.exp(-y * y / 2) / (self.sd_s * math.sqrt(2 * math.pi))
        law.plot(at_s, bell, color=style.INK, linewidth=1.2, zorder=3, gid="bell")
        law.set(xlim=(0, most), ylim=(0, 1.15 * max(float(share.max()), float(bell.max()))))
        law.set_title(f"% of {len(self.gaps_s):,} gaps of a living node (line: bell curve)")
        law.tick_params(axis="x", labelbottom=False, length=0)
        level.plot(at_s, [self.phi(t) for t in at_s], color=style.INK, linewidth=1.6, gid="phi")
        in_order_s = np.sort(self.gaps_s)
        longer = 1 - np.searchsorted(in_order_s, at_s) / len(in_order_s)
        some = longer > 0
        level.plot(at_s[some], -np.log10(longer[some]), color=style.NEUTRAL, linewidth=2.4, gid="measured")
        here = self.phi(self.silence_s)
        above = here > MOST_PHI
        at = ([self.silence_s], [min(here, MOST_PHI)], "^" if above else "o")
        level.plot(*at, color=style.INK, markersize=9, zorder=4, clip_on=False, gid="here")
        level.axhline(self.threshold, color=style.INK, linewidth=1.0, gid="threshold")
        level.set(ylim=(0, MOST_PHI), yticks=(0, 4, 8, 12, 16))
        title = "phi: by Akka's formula (thin), as it should be (thick)"
        level.set_title(title + ", triangle: above" * above)
        level.set_xlabel("seconds of silence (shaded: as long as this one, or longer)")
        for ax in (law, level):
            ax.axvspan(self.silence_s, most, facecolor=style.BAND, alpha=0.3, linewidth=0, zorder=1, gid="longer")
        style.edge_labels(level, [(self.threshold, "threshold", style.INK)])


@exhibit(called={"silence_s": "silence, seconds", "pause_s": "pause, seconds", "loss": "share of beats lost"})
def phi(
    silence_s: float = 1.5,
    *,
    loss: float = 0.1,
    delay_s: float = 0.05,
    pause_s: float = 0.0,
    threshold: float = 8.0,
    seed: int = 7,
) -> Phi:
    """Phi after a silence, learnt from 100,000 beats of a living node, one a second, and how often it is so silent.

    The law is normal, with the mean and the deviation of all gaps. pause_s: what is added to the mean; Akka's default
    is 3 s. delay_s: the mean of exponential delays, above 0.
    """
    silence_s, pause_s = real("silence_s", silence_s, 0.0, 60.0), real("pause_s", pause_s, 0.0, 60.0)
    loss, delay_s = real("loss", loss, 0.0, 0.9), seconds("delay_s", delay_s, zero=False)
    threshold, seed = real("threshold", threshold, 0.1, 30.0), number("seed", seed, 0, 2**63)
    gaps_s = _gaps_s(loss, delay_s, seed)
    return Phi(silence_s, float(gaps_s.mean()), float(gaps_s.std()), pause_s, threshold, gaps_s, loss, seed)


@lru_cache(maxsize=64)
def _gaps_s(loss: float, delay_s: float, seed: int) -> Numbers:
    """The gaps between the beats of a node that never dies."""
    return np.diff(beats(1.0, BEATS, loss=loss, delay=ExponentialDelay(delay_s), seed=seed).arrivals_s)


def _odds(power: float) -> str:
    """10 to this power: 1.2, 11, 3,500,000; beyond what anybody counts, 10^12."""
    return significant(10.0**power) if power < 9 else f"10^{power:.0f}" if power < math.inf else "more than 10^300"
