"""How long it takes a fixed timeout to notice a crash: many crashes, and the mean that theory foretells."""

import math
from dataclasses import dataclass

import numpy as np
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

from lbcore.faults import ExponentialDelay, FixedTimeout
from lbcore.faults.quality import detection_times_s, fixed_timeout_detection_s
from lbcore.lab.frame import style
from lbcore.lab.frame.drawing import digits
from lbcore.lab.frame.exhibit import exhibit
from lbcore.lab.frame.inputs import number
from lbcore.lab.frame.result import Numbers, Result
from lbcore.lab.frame.words import Guess, scored, upper


@dataclass(frozen=True, eq=False, repr=False)
class Detection(Result):
    """How long it took to notice each of many crashes, with a fixed timeout."""

    timeout_s: float
    interval_s: float
    check_s: float
    delay_s: float
    times_s: Numbers
    expected_s: float  # the mean by theory
    seed: int

    def sentence(self, prediction: Guess | None = None) -> str:
        """What came out."""
        times_s = self.times_s
        text = (
            f"seed {self.seed}: a node that beats every {self.interval_s:g} s died {len(times_s):,} times. "
            f"A timeout of {self.timeout_s:g} s noticed after {times_s.mean():.2f} s in the mean "
            f"(theory {self.expected_s:.2f} s), at the soonest after {times_s.min():.2f} s and at the latest after "
            f"{times_s.max():.2f} s."
        )
        return upper(text) + scored(prediction, self.expected_s, 2)

    def draw(self, fig: Figure, prediction: Guess | None = None) -> None:
        """A histogram of the times, the band in which they lie, and the mean of theory as a line."""
        style.blank(290, fig)
        ax = style.place(fig, right=24, top=36, bottom=62)[0, 0]
        most = max(1.25 * self.timeout_s, float(self.times_s.max()))
        said = None if prediction is None else prediction[0]
        most = max(most, min(said or 0.0, 1.6 * most))
        width = next(w for w in (0.05, 0.1, 0.2, 0.5, 1.0, 2.0, 5.0) if most / w <= 60 or w == 5.0)
        edges = np.arange(0, math.ceil(most / width) + 1) * width
        share = 100 * np.histogram(self.times_s, edges)[0] / len(self.times_s)
        soonest_s = self.timeout_s - self.interval_s
        ax.axvspan(soonest_s, self.timeout_s, facecolor=style.BAND, alpha=0.4, linewidth=0, zorder=1, gid="band")
        ax.stairs(share, edges, fill=True, color=style.NEUTRAL, linewidth=0, zorder=2, gid="times")
        ax.axvline(self.expected_s, color=style.INK, linewidth=1.0, zorder=3, gid="theory")
        top = float(share.max()) * 1.3
        ax.set(xlim=(0, edges[-1]), ylim=(0, top))
        ax.set_title(f"% of {len(self.times_s):,} crashes (line: the mean by theory, {self.expected_s:.2f} s)")
        ax.set_xlabel("seconds from the crash until it is noticed\n(band: timeout - interval to timeout)")
        ax.yaxis.set_major_locator(MaxNLocator(5))
        if prediction is not None and said is not None:
            ax.axvline(said, color=style.GUESS, linestyle=(0, (5, 3)), linewidth=1.8, zorder=4, gid="prediction")
            right = said > 0.6 * edges[-1]
            at = min(said, edges[-1])
            arrow = " →" if said > edges[-1] else ""
            ax.annotate(
                f"you: {digits(*prediction)}{arrow}",
                (at, 0.93),
                (-5 if right else 5, 0),
                xycoords=("data", "axes fraction"),
                textcoords="offset points",
                color=style.GUESS,
                ha="right" if right else "left",
                va="center",
                bbox={"facecolor": "white", "edgecolor": "none", "alpha": 0.85, "pad": 1},
                zorder=5,
            )


@exhibit(called={"timeout_s": "timeout, seconds", "check_s": "looks every, seconds", "delay_s": "mean delay, seconds"})
def detection(
    timeout_s: float = 3.0,
    *,
    interval_s: float = 1.0,
    check_s: float = 0.0,
    delay_s: float = 0.0,
    crashes: int = 400,
    seed: int = 7,
) -> Detection:
    """Let a node die `crashes` times, each at a random moment between two beats: how long until a timeout notices.

    check_s: how often the monitor looks; 0 where it sleeps until the deadline. delay_s: the mean delay of a beat.
    """
    crashes, seed = number("crashes", crashes, 1, 20_000), number("seed", seed, 0, 2**63)
    expected_s = fixed_timeout_detection_s(timeout_s, interval_s, check_s, delay_s)
    rule, delay = FixedTimeout(timeout_s), ExponentialDelay(delay_s)
    found = detection_times_s(rule, crashes, interval_s=interval_s, check_s=check_s, delay=delay, warm_up=2, seed=seed)
    return Detection(float(timeout_s), float(interval_s), float(check_s), float(delay_s), found, expected_s, seed)
