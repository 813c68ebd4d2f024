"""What the survivors get: requests a second at each node, before a crash and after it was noticed."""

from dataclasses import dataclass

from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

from lbcore._counting import bincount
from lbcore.lab.exhibits.failover.failover import Failover, failover
from lbcore.lab.frame import style
from lbcore.lab.frame.drawing import bars, guessed
from lbcore.lab.frame.exhibit import exhibit
from lbcore.lab.frame.inputs import number
from lbcore.lab.frame.result import Numbers, Result
from lbcore.lab.frame.words import Guess, nodes, scored


@dataclass(frozen=True, eq=False, repr=False)
class Survivors(Result):
    """The requests a second at each node before a crash and after it was noticed, under each policy."""

    labels: tuple[str, ...]
    nodes: tuple[tuple[str, ...], ...]
    dead: str
    rate_per_s: float
    before: tuple[Numbers, ...]
    after: tuple[Numbers, ...]

    @property
    def share(self) -> float:
        """What a node gets before the crash, in requests a second."""
        return self.rate_per_s / (len(self.nodes[0]) - (self.labels[0] == "backup"))

    @property
    def busiest(self) -> tuple[float, ...]:
        """By how much the busiest node's load after the crash exceeds a node's share before it, as a factor."""
        return tuple(float(row.max()) / self.share for row in self.after)

    @property
    def expected(self) -> float:
        """The same of a survivor where there is no backup: n / (n - 1)."""
        n = len(self.nodes[0])
        return n / (n - 1)

    def sentence(self, prediction: Guess | None = None) -> str:
        """What came out."""
        rows = []
        for label, names, after, most in zip(self.labels, self.nodes, self.after, self.busiest, strict=True):
            left = len(names) - 2 if label == "backup" else len(names) - 1
            if label == "backup":
                rows.append(
                    f"With a backup, {names[-1]} gets the {after[-1]:.1f} a second of {self.dead}, and the others what "
                    f"they had: {most:.2f} times it."
                )
            else:
                rows.append(
                    f"Reassigned, {'each survivor' if left > 1 else 'the survivor'} gets up to {after.max():.1f} a "
                    f"second: {most:.2f} times as many (theory: {left + 1}/{left} = {self.expected:.2f})."
                )
        text = (
            f"One of {nodes(len(self.nodes[0]))}, {self.dead}, crashes; each had {self.share:.1f} requests a second. "
        )
        return text + " ".join(rows) + scored(prediction, self.busiest[0], 2)

    def draw(self, fig: Figure, prediction: Guess | None = None) -> None:
        """What each node gets after the crash as bars, and before it as a mark, for each policy."""
        style.blank(420, fig)
        axes = style.place(fig, 2, 1, sharey=True, gridspec_kw={"hspace": 0.52})[:, 0]
        share, theory = self.share, self.expected * self.share
        top = max(float(row.max()) for row in self.after)
        said = None if prediction is None else prediction[0] * share
        for ax, label, names, before, after in zip(axes, self.labels, self.nodes, self.before, self.after, strict=True):
            ax.set_ylim(0, max(top, min(said or 0.0, 2 * top)) * 1.1)
            bars(ax, after, outline=False)
            style.node_axis(ax, names)
            if label == "backup":
                ax.set_xticks(range(len(names)), [*map(str, range(len(names) - 1)), names[-1]])
                # It is none of the nodes, so it has the colour of none.
                ax.patches[len(names) - 1].set(facecolor="none", edgecolor=style.INK, linewidth=1.2, hatch=None)
            dead = names.index(self.dead)
            style.crosses(ax, [dead])
            for i in (i for i in range(len(names)) if i != dead):
                ax.plot([i - 0.4, i + 0.4], [before[i]] * 2, color=style.INK, linewidth=2.2, zorder=4, gid="before")
            ax.set_title(f"{label}: requests a second after the crash (line: before)")
            ax.yaxis.set_major_locator(MaxNLocator(5))
            labels = [(share, "share", style.INK)]
            style.line(ax, share)
            if label == "reassign":
                style.line(ax, theory)
                n = len(names)
                labels.append((theory, f"{n}/{n - 1} of it", style.INK))
                guessed(ax, said, None if prediction is None else Guess(prediction.value, ""), labels)
            style.edge_labels(ax, labels)
        axes[0].set_xlabel("")


@exhibit()
def survivors(nodes: int = 4, *, rate_per_s: float = 20.0, seed: int = 7) -> Survivors:
    """The requests a second that each node is sent, before node-1 crashes and after that was noticed: both policies."""
    nodes = number("nodes", nodes, 2, 32)
    # Long enough for whole turns on each side, however many nodes there are.
    turns_s = 4 * nodes * (nodes - 1) / rate_per_s
    labels, names, before, after = ("reassign", "backup"), [], [], []
    for policy in labels:
        at_s = max(4.0, turns_s)
        until_s = at_s + 3.0 + turns_s
        found = failover(
            nodes,
            2.0,
            policy,
            rate_per_s=rate_per_s,
            service_s=0.5 / rate_per_s,
            at_s=at_s,
            back_s=until_s + 1.0,
            seconds=until_s,
            seed=seed,
        )
        assert found.noticed_s is not None
        names.append(found.nodes)
        before.append(_rates(found, at_s - turns_s, at_s))
        after.append(_rates(found, found.noticed_s, found.noticed_s + turns_s))
    return Survivors(labels, tuple(names), found.node, rate_per_s, tuple(before), tuple(after))


def _rates(found: Failover, from_s: float, to_s: float) -> Numbers:
    """Requests a second that come to each node from one time to another; those moved at the start are not of them."""
    at = [one.node for one in found.visits if from_s < one.sent_s <= to_s]
    return bincount(at, minlength=len(found.nodes)) / (to_s - from_s)
