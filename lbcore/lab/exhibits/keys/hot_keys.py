"""Requests at each node when a few keys are asked for most of the time, and where the hottest key lands."""

from dataclasses import dataclass
from typing import Any

from lbcore.lab.exhibits.counts._asked import Nodes, cut_short, ready
from lbcore.lab.exhibits.keys._hottest import Hottest
from lbcore.lab.frame.exhibit import exhibit
from lbcore.lab.frame.inputs import distinct_keys, number, zipf_ranks
from lbcore.lab.frame.result import Counts
from lbcore.lab.frame.words import Guess, percent, scored
from lbcore.lab.student import classes


@dataclass(frozen=True, eq=False, repr=False)
class HotKeys(Hottest):
    """Requests at each node when a few keys are asked for most of the time."""

    name: str
    nodes: tuple[str, ...]
    counts: Counts
    hottest: Counts  # of those, the requests for the hottest key
    requests: int
    asked: int
    keys: int
    exponent: float
    seed: int

    def sentence(self, prediction: Guess | None = None) -> str:
        """What came out."""
        total = max(1, self.requests)
        hot, node, busiest = int(self.hottest.sum()), int(self.hottest.argmax()), int(self.counts.argmax())
        where = (
            f"all at {self.nodes[node]}"
            if self.hottest[node] == hot
            else f"shared by {int((self.hottest > 0).sum())} nodes"
        )
        text = (
            f"Seed {self.seed}: the hottest of {self.keys:,} keys makes {hot:,} of {self.requests:,} requests, "
            f"{percent(100 * hot / total)} %, {where}. The busiest node, {self.nodes[busiest]}, got "
            f"{int(self.counts[busiest]):,} requests, "
            f"{self.counts[busiest] / max(self.mean, 1e-9):.2f} times the mean."
        )
        if not self.requests:
            text = f"Seed {self.seed}: no request yet."
        in_percent = prediction is not None and prediction.unit == "%"
        truth = float(self.counts[busiest]) * (100 / total if in_percent else 1)
        return text + cut_short(self.requests, self.asked) + scored(prediction, truth, int(in_percent))


@exhibit()
def hot_keys(
    selector: Any,
    requests: int = 100_000,
    exponent: float = 1.0,
    keys: int = 1_000,
    *,
    nodes: Nodes = None,
    seed: int = 7,
) -> HotKeys:
    """Requests at each node when keys follow Zipf's law: the k-th of `keys` is asked for like k^-exponent.

    selector: a selector, or a class that is made for `nodes` nodes (10, unless told).
    """
    requests, keys = number("requests", requests), number("keys", keys, 1, 1_000_000)
    exponent = float(exponent)
    made, known = ready(selector, nodes, seed=seed)
    rank = zipf_ranks(requests, exponent, keys, seed)
    run = classes.run(made, distinct_keys(keys, seed)[rank] if classes.is_keyed(made) else requests, (), known)
    hot = rank[: len(run.picks)] == 0
    return HotKeys(
        classes.name_of(made),
        run.names,
        run.counts(),
        run.counts(hot),
        len(run.picks),
        run.asked,
        keys,
        exponent,
        seed,
    )
