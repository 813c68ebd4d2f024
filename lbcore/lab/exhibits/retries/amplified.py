"""How many attempts a request costs, as more and more of them fail, and through services that all send again."""

import math
import re
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from matplotlib.figure import Figure

from lbcore.faults import FixedWait, GiveUp, RetryPolicy, Stop, amplification
from lbcore.faults._checks import stream
from lbcore.lab.exhibits.failover._words import some
from lbcore.lab.frame import style
from lbcore.lab.frame.drawing import guessed, height
from lbcore.lab.frame.exhibit import exhibit
from lbcore.lab.frame.inputs import number
from lbcore.lab.frame.result import Numbers, Result
from lbcore.lab.frame.words import Guess, listed, scored
from lbcore.selectors.reference import Draws

#: More attempts than this at one failure rate tell no more than these.
MOST_ATTEMPTS = 3_000


@dataclass(frozen=True, eq=False, repr=False)
class Amplified(Result):
    """Attempts at the last service for each request of a user, as more and more of the attempts fail."""

    retries: int
    layers: tuple[int, ...]
    rates: Numbers  # the share of attempts that fail at the last service
    attempts: tuple[Numbers, ...]  # measured: one row for each number of layers
    curve: Numbers  # shares at which the theory is drawn
    theory: tuple[Numbers, ...]
    requests: int  # at most so many at each rate
    seed: int

    def sentence(self, prediction: Guess | None = None) -> str:
        """What came out."""
        rows = []
        for layers, measured, theory in zip(self.layers, self.attempts, self.theory, strict=True):
            parts = [
                f"{times(measured[at])} (theory {times(theory[at * (len(theory) - 1) // 10])}) at {10 * at} % failures"
                for at in (1, 5, 10)
            ]
            rows.append(f"{some(layers, 'layer')}: {listed(parts)}")
        text = f"Seed {self.seed}, up to {some(self.retries, 'retry')}. Attempts for each request, {'; '.join(rows)}."
        return text + scored(prediction, self.attempts[0][-1], 2)

    def caption(self, sentence: str) -> str:
        """The theory is a line in the picture."""
        return re.sub(r" \(theory [^)]*\)", "", sentence)

    def draw(self, fig: Figure, prediction: Guess | None = None) -> None:
        """Measured attempts as dots, theory as lines; on a logarithmic scale where they are many."""
        style.blank(320, fig)
        ax = style.place(fig, right=116)[0, 0]
        most = max(float(row.max()) for row in self.theory)
        labels = []
        if most > 20:
            ax.set_yscale("log", base=2)
            ax.set_ylim(0.9, most * 1.25)
            ax.minorticks_off()
            powers = range(math.ceil(math.log2(most)) + 1)
            ax.set_yticks([2.0**p for p in powers if p % max(1, len(powers) // 6) == 0])
            ax.yaxis.set_major_formatter(lambda value, _: f"{value:,.0f}")
            ax.set_title("attempts for each request (log scale)")
        else:
            height(ax, None if prediction is None else prediction[0], most)
            ax.set_title("attempts for each request")
        for layers, measured, theory in zip(self.layers, self.attempts, self.theory, strict=True):
            ax.plot(100 * self.curve, theory, color=style.INK, linewidth=0.9, zorder=2, gid="theory")
            ax.plot(
                100 * self.rates,
                measured,
                "o",
                color=style.NEUTRAL,
                markersize=6.5,
                zorder=3,
                gid="measured",
                clip_on=False,
            )
            labels.append((float(theory[-1]), f"{some(layers, 'layer')}: {times(theory[-1])}x", style.INK))
        if len(self.layers) == 1:
            labels = [(float(self.theory[0][-1]), f"{times(self.theory[0][-1])}x", style.INK)]
        guessed(ax, None if prediction is None else prediction[0], prediction, labels)
        style.edge_labels(ax, labels)
        ax.set_xlim(-1.5, 101.5)
        ax.set_xticks(range(0, 101, 20))
        ax.set_xlabel("attempts that fail, % (thin line: theory)")


@exhibit(called={"retries": "retries allowed"})
def amplified(retries: int = 3, layers: int | Sequence[int] = 1, *, requests: int = 2_000, seed: int = 7) -> Amplified:
    """Attempts at the last service for each request, where each attempt fails with chance 0, 10, ... 100 %.

    layers: how many services stand in a row, each of which sends a failed call again up to `retries` times; or several
    such numbers to compare. requests: at each rate, fewer where they would make more than 3,000 attempts.
    """
    retries, requests = number("retries", retries, 0, 10), number("requests", requests, 1, 100_000)
    rows = tuple(number("layers", one, 1, 3) for one in (layers if isinstance(layers, (list, tuple)) else [layers]))
    seed = number("seed", seed, 0, 2**63)
    policy = RetryPolicy(Stop(attempts=retries + 1), FixedWait(), seed=seed)
    rates, curve = np.arange(11) / 10, np.arange(201) / 200
    measured = [
        np.array([_measured(policy, float(f), retries, row, requests, stream(seed, i)) for i, f in enumerate(rates)])
        for row in rows
    ]
    theory = [np.array([expected_attempts(float(f), retries, row) for f in curve]) for row in rows]
    return Amplified(retries, rows, rates, tuple(measured), curve, tuple(theory), requests, seed)


def expected_attempts(failure_rate: float, retries: int, layers: int = 1) -> float:
    """The mean of what `amplified` measures: the product over the layers of (1 - f^(r+1)) / (1 - f).

    A call of a layer fails when all its attempts have: f of the next layer up is f^(r+1).
    """
    attempts = 1.0
    for _ in range(layers):
        attempts *= amplification(failure_rate, retries)
        failure_rate **= retries + 1
    return attempts


def _measured(
    policy: RetryPolicy, failure_rate: float, retries: int, layers: int, requests: int, draws: Draws
) -> float:
    bound, sent = failure_rate * 2.0**64, 0

    def call(layer: int) -> bool:
        nonlocal sent
        if layer == 0:
            sent += 1
            return draws.next() >= bound
        tries = policy.start(0.0)
        while not call(layer - 1):
            if isinstance(tries.failed("next", 0.0), GiveUp):
                return False
        tries.succeeded("next", 0.0)
        return True

    few = max(1, min(requests, int(MOST_ATTEMPTS / expected_attempts(failure_rate, retries, layers))))
    for _ in range(few):
        call(layers)
    return sent / few


def times(value: float) -> str:
    """A factor in words: 1.11, 4, 1,331."""
    return f"{value:,.0f}" if value >= 100 else f"{value:.2f}".rstrip("0").rstrip(".")
