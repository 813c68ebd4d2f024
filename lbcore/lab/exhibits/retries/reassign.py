"""Where each request goes while nodes are down: at so many errors it goes to another node."""

import math
from collections.abc import Iterable
from dataclasses import dataclass

from matplotlib.collections import LineCollection, PolyCollection
from matplotlib.figure import Figure

from lbcore import RoundRobin
from lbcore.faults import ErrorThreshold, FixedWait, GiveUp, RetryPolicy, Stop, pick
from lbcore.lab.exhibits.failover._words import some
from lbcore.lab.frame import style
from lbcore.lab.frame.exhibit import exhibit
from lbcore.lab.frame.inputs import number
from lbcore.lab.frame.result import Result
from lbcore.lab.frame.words import Guess, listed, scored


@dataclass(frozen=True, eq=False, repr=False)
class Reassigned(Result):
    """Where each request was sent while some nodes are down, and whether it was served in the end."""

    nodes: int
    down: tuple[int, ...]
    threshold: int
    per: str
    retries: int
    paths: tuple[tuple[int, ...], ...]
    served: tuple[bool, ...]

    @property
    def attempts(self) -> int:
        """What was sent, all requests together."""
        return sum(len(path) for path in self.paths)

    @property
    def reach(self) -> int:
        """To how many nodes a request gets whose own errors count alone: (retries + 1) / threshold, rounded up."""
        return -(-(self.retries + 1) // self.threshold)

    def sentence(self, prediction: Guess | None = None) -> str:
        """What came out."""
        sent = len(self.paths)
        failed = sent - sum(self.served)
        vain = self.attempts - sum(self.served)
        down = [f"node {node}" for node in self.down]
        who = f"{listed(down)} of {self.nodes} {'is' if len(down) == 1 else 'are'} down" if down else "every node is up"
        text = (
            f"Error threshold {self.threshold}, up to {some(self.retries, 'retry')}, {who}. "
            f"{some(sent, 'request')} took {some(self.attempts, 'attempt')}, {vain:,} of them in vain; "
        )
        text += "all were served." if not failed else f"{failed:,} {'was' if failed == 1 else 'were'} never served."
        if self.per == "request":
            text += (
                f" A request counts its own errors: it gets to {some(self.reach, 'node')} at most, "
                f"{self.retries + 1} / {self.threshold} rounded up."
            )
        if sent <= 24:
            text += f" Paths: {', '.join('-'.join(map(str, path)) for path in self.paths)}."
        return text + scored(prediction, self.attempts)

    def draw(self, fig: Figure, prediction: Guess | None = None) -> None:
        """A square for each attempt in the colour of its node, a row for each request; crossed: it failed."""
        longest = max(len(path) for path in self.paths)
        left, top, side = 96.0, 30.0, 28.0
        side = min(side, (style.WIDTH_PT - left - 14) / longest)
        line = min(side, 480 / len(self.paths))
        tall = top + len(self.paths) * line + 30
        style.blank(tall, fig)
        ax = fig.add_axes((0, 0, 1, 1))
        ax.set(xlim=(0, style.WIDTH_PT), ylim=(tall, 0))
        ax.set_axis_off()
        ax.text(left, top / 2 + 2, "attempts, from left to right", va="center", color=style.MUTED)
        squares, faces, crosses = [], [], []
        each = max(1, math.ceil(15 / line))
        for request, (path, served) in enumerate(zip(self.paths, self.served, strict=True)):
            y = top + request * line
            if request % each == 0:
                ax.text(left - 10, y + line / 2, f"request {request}", va="center", ha="right")
            for attempt, node in enumerate(path):
                x, face = left + attempt * side, style.colour(node)
                box = [(x, y), (x + side - 2, y), (x + side - 2, y + line - 2), (x, y + line - 2)]
                squares.append(box)
                if served and attempt == len(path) - 1:
                    faces.append(face)
                    ink = style.on(face)
                else:
                    faces.append(style.DOWN)
                    ink = "black"
                    crosses += [[box[0], box[2]], [box[1], box[3]]]
                if line >= 15:
                    look = {} if ink != "black" else {"bbox": {"facecolor": faces[-1], "edgecolor": "none", "pad": 1.5}}
                    at_x, at_y = x + side / 2 - 1, y + line / 2 - 0.5
                    ax.text(at_x, at_y, str(node), ha="center", va="center", color=ink, **look)
        ax.add_collection(PolyCollection(squares, facecolor=faces, linewidth=0, gid="squares"), autolim=False)
        ax.add_collection(LineCollection(crosses, color="white", linewidth=1.5, zorder=2), autolim=False)
        note = "each square is an attempt, its number the node; crossed: it failed"
        if prediction is not None:
            note = f"you: {prediction[0]:,.0f} attempts; {note}"
        ax.text(14, tall - 13, note, color=style.MUTED if prediction is None else style.GUESS, va="center")


@exhibit(called={"threshold": "error threshold", "retries": "retries allowed", "per": "errors are counted for each"})
def reassign(
    threshold: int = 2,
    retries: int = 3,
    *,
    requests: int = 6,
    nodes: int = 3,
    down: Iterable[int] = (1,),
    per: str = "node",
) -> Reassigned:
    """Send requests in turn to nodes some of which are down; at `threshold` errors a request goes to another node.

    retries: how often a request may be sent again. down: indices of nodes. per: "node" counts what all requests met on
    a node, "request" only what this one met there.
    """
    requests, nodes = number("requests", requests, 1, 1_000), number("nodes", nodes, 1, 100)
    retries, threshold = number("retries", retries, 0, 100), number("threshold", threshold, 1, 100)
    dead = {number("down", node, 0, nodes - 1) for node in down}
    errors = ErrorThreshold(threshold, per=per)  # type: ignore[arg-type]
    policy = RetryPolicy(Stop(attempts=retries + 1), FixedWait(), errors=errors, seed=0)
    balancer = RoundRobin(nodes)
    paths, served = [], []
    for request in range(requests):
        tries, path = policy.start(0.0, request), [balancer.select()]
        while path[-1] in dead:
            answer = tries.failed(path[-1], 0.0)
            if isinstance(answer, GiveUp):
                break
            path.append(pick(balancer, tried=answer.avoid) if answer.node is None else path[-1])
        else:
            tries.succeeded(path[-1], 0.0)
        served.append(path[-1] not in dead)
        paths.append(tuple(path))
    return Reassigned(nodes, tuple(sorted(dead)), threshold, per, retries, tuple(paths), tuple(served))
