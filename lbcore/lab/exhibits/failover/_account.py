"""What became of all requests of a run, in one bar: in time, late or lost, and how many were done twice."""

import math
from collections import Counter
from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle

from lbcore.faults import Report
from lbcore.lab.frame import style

__all__ = ["Stage", "account", "accounts"]

#: A request is late that took longer than this.
LATE_S = 1.0
#: What became of the requests: its colour, and a hatching that tells it apart without one.
FATES = (
    ("in_time", "in time", style.NEUTRAL, ""),
    ("late", f"late: over {LATE_S:g} s", "#E69F00", "\\\\"),
    ("lost", "lost", style.COLOURS[7], "xx"),
)


class Stage(NamedTuple):
    """What became of the requests of one run: submitted = in time + late + failed + hanging; `twice` of them twice."""

    label: str
    in_time: int
    late: int
    failed: int
    hanging: int
    twice: int

    @property
    def submitted(self) -> int:
        """All requests."""
        return self.in_time + self.late + self.failed + self.hanging

    @property
    def lost(self) -> int:
        """The requests that were never answered."""
        return self.failed + self.hanging

    def __str__(self) -> str:
        """The account as a sentence."""
        twice = f", {self.twice:,} done twice" if self.twice else ""
        parts = [f"{self.in_time:,} in time", f"{self.late:,} late"]
        parts += [f"{self.hanging:,} still waiting"] if self.hanging else [f"{self.failed:,} failed"]
        return f"{self.label}: {' + '.join(parts)} = {self.submitted:,}{twice}."


def account(label: str, report: Report) -> Stage:
    """The account of a run, which may have been cut off."""
    failed = {failure.request for failure in report.failures}
    counts = Counter(
        "hanging" if math.isnan(took_s) else "failed" if i in failed else "late" if took_s > LATE_S else "in time"
        for i, took_s in enumerate(report.latencies_s())
    )
    return Stage(
        label, counts["in time"], counts["late"], counts["failed"], counts["hanging"], len(report.executed_twice)
    )


def accounts(fig: Figure, rows: Sequence[Stage]) -> None:
    """Draw for each run what became of its requests, and beside it how many are lost and how many were done twice."""
    style.blank(86 + 44 * len(rows), fig)
    ax = style.place(fig, left=108, right=98, top=38)[0][0]
    places, left = np.arange(len(rows)), np.zeros(len(rows))
    width, height = fig.get_size_inches() * 72
    x = 108.0
    for name, words, face, hatch in FATES:
        values = np.array([getattr(one, name) for one in rows])
        look: dict[str, Any] = {"facecolor": face, "edgecolor": style.PAPER, "hatch": hatch, "linewidth": 0}
        ax.barh(places, values, 0.62, left=left, gid=name, **look)
        left = left + values
        square = Rectangle((x / width, 1 - 24 / height), 12 / width, 12 / height, transform=fig.transFigure, **look)
        fig.add_artist(square)
        fig.text((x + 17) / width, 1 - 19 / height, words, va="center")
        x += 34 + 7 * len(words)
    ax.set_yticks(places, [one.label for one in rows])
    ax.set(ylim=(len(rows) - 0.5, -0.5), xlim=(0, rows[0].submitted))
    ax.tick_params(axis="y", length=0)
    ax.set_xlabel("requests")
    for place, one in enumerate(rows):
        twice = f"\n{one.twice} done twice" if one.twice else ""
        ax.text(1.012, place, f"{one.lost} lost{twice}", transform=ax.get_yaxis_transform(), va="center", ha="left")
