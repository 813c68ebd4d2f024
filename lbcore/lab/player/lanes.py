"""A trace as a still picture: the traffic player's twin on paper."""

import heapq
from typing import TYPE_CHECKING, Any

import numpy as np
from matplotlib.collections import PolyCollection
from matplotlib.figure import Figure
from numpy.typing import NDArray

from lbcore.lab.frame import style

if TYPE_CHECKING:
    from lbcore.lab.player.trace import Trace

__all__ = ["draw"]


def _rows(result: "Trace", node: int) -> tuple[NDArray[np.int64], NDArray[np.int64], int]:
    """The requests of a node, the row each takes in its lane so that none covers another, and how many rows."""
    mine = np.flatnonzero(result.node == node)
    row = np.zeros(len(mine), np.int64)
    spare: list[int] = []
    leaving: list[tuple[float, int]] = []
    used = 0
    for k, i in enumerate(mine):
        while leaving and leaving[0][0] <= result.arrival_s[i]:
            heapq.heappush(spare, heapq.heappop(leaving)[1])
        if not spare:
            spare.append(used)
            used += 1
        row[k] = heapq.heappop(spare)
        heapq.heappush(leaving, (float(result.end_s[i]), int(row[k])))
    return mine, row, max(used, 1)


def _bars(ax: Any, left: NDArray[Any], right: NDArray[Any], low: NDArray[Any], height: float, **look: Any) -> None:
    corners = np.stack(
        [np.stack([x, y], 1) for x, y in ((left, low), (right, low), (right, low + height), (left, low + height))], 1
    )
    ax.add_collection(PolyCollection(list(corners), **look), autolim=False)


def _paler(colour: str) -> str:
    red, green, blue = (int(colour[i : i + 2], 16) for i in (1, 3, 5))
    return "#" + "".join(f"{round(255 - (255 - part) * 0.35):02x}" for part in (red, green, blue))


def draw(fig: Figure, *traces: "Trace") -> None:
    """One lane a node: each request a bar from its arrival to its end, pale while it waits.

    Several traces stand below each other, on one time axis and with lanes of one scale.
    """
    laid = [_Lanes(trace, len(traces)) for trace in traces]
    row_pt = min(one.row_pt for one in laid)
    ends_s = max(trace.duration_s for trace in traces)
    heights = [one.bottom(row_pt) * row_pt for one in laid]
    total = sum(heights) + 46 * len(traces) + 46
    style.blank(total - 20, fig)
    width, below = fig.get_size_inches()[0] * 72, total - 20
    for k, (one, height) in enumerate(zip(laid, heights, strict=True)):
        below -= height + (26 if k == 0 else 46)
        ax = style.put(fig, (76 / width, below / (total - 20), 1 - 130 / width, height / (total - 20)))
        ax.set_xlim(0, ends_s)
        one.draw(ax, row_pt)
        if len(traces) > 1:
            ax.set_title(traces[k].name)
        if k < len(traces) - 1:
            ax.tick_params(axis="x", labelbottom=False)
        else:
            ax.set_xlabel("time (s)")


class _Lanes:
    """The lanes of one trace: which row each request takes, and how high everything is."""

    def __init__(self, result: "Trace", of: int) -> None:
        self.result, n = result, len(result.nodes)
        self.rows = [_rows(result, node) for node in range(n)]
        self.heights = np.array([used for _, _, used in self.rows])
        # A lane is as high as its longest queue, so that a growing queue is seen to grow; 30 % of a lane is air.
        room_pt = min(640.0, max(200.0, 34.0 * n)) / (1 if of == 1 else 1.6)
        self.row_pt = min(13.0, room_pt / (self.heights.sum() + 0.6 * n))
        self.refused = np.flatnonzero(result.node < 0)

    def gap(self, row_pt: float) -> float:
        """The air between two lanes, in rows."""
        return float(max(0.6, 18 / row_pt - self.heights.min()) if len(self.heights) <= 16 else 0.6)

    def bottom(self, row_pt: float) -> float:
        """How many rows all of it takes."""
        gap = self.gap(row_pt)
        return float((self.heights + gap).sum() + (gap + 1 if len(self.refused) else 0))

    def draw(self, ax: Any, row_pt: float) -> None:
        """Everything in the axes."""
        result, n, heights, refused = self.result, len(self.heights), self.heights, self.refused
        gap, bottom = self.gap(row_pt), self.bottom(row_pt)
        tops = np.concatenate([[0.0], np.cumsum(heights + gap)])
        ax.set_ylim(bottom, 0)
        counts = result.counts
        each = next(k for k in (1, 2, 4, 8, 16, 32, 64, n) if k * tops[-1] / n * row_pt >= 14 or k >= n)
        for node, (mine, row, _) in enumerate(self.rows):
            top = tops[node] + gap / 2
            arrival, start, end = result.arrival_s[mine], result.start_s[mine], result.end_s[mine]
            low = top + row + 0.08
            waits = start > arrival
            plain = {"linewidth": 0, "gid": f"lane-{node}"}
            _bars(ax, arrival[waits], start[waits], low[waits], 0.84, facecolor=_paler(style.colour(node)), **plain)
            _bars(
                ax,
                start,
                end,
                low,
                0.84,
                edgecolor=style.PAPER,
                linewidth=0.5 if row_pt > 4 else 0,
                facecolor=style.colour(node),
                gid=f"lane-{node}",
            )
            if result.hung_up_s is not None:
                # Its client has gone: from then on its bar is grey.
                gone_s = np.maximum(result.hung_up_s[mine], arrival)
                for after, until, grey in ((gone_s, start, style.DOWN), (np.maximum(gone_s, start), end, style.MUTED)):
                    left = after < until  # not where it is NaN: its client stays
                    _bars(ax, after[left], until[left], low[left], 0.84, facecolor=grey, linewidth=0, gid="gone")
            if node % each == 0:
                ax.text(
                    1.012,
                    top + heights[node] / 2,
                    f"{counts[node]:,}",
                    transform=ax.get_yaxis_transform(),
                    va="center",
                    ha="left",
                )
            for low_s, high_s in _outages(result, node):
                ax.broken_barh(
                    [(low_s, high_s - low_s)],
                    (top, heights[node]),
                    **style.CROSSED,
                    zorder=0.5,
                )
                if (heights[node] + gap) * row_pt >= 14:
                    ax.text(
                        (low_s + high_s) / 2,
                        top + heights[node] / 2,
                        "down",
                        ha="center",
                        va="center",
                        color=style.MUTED,
                        bbox={"facecolor": style.PAPER, "edgecolor": "none", "pad": 2},
                    )
        for event in result.noticed or ():
            top = tops[event.node] + gap / 2
            ax.plot([event.time_s] * 2, [top, top + heights[event.node]], color=style.INK, linewidth=1.2, gid="noticed")
        middles = tops[:-1] + gap / 2 + heights / 2
        labels = [style.shorten(name, 10) for name in result.nodes[::each]]
        ticks = list(middles[::each])
        if len(refused):
            ax.plot(
                result.picked_s[refused],
                np.full(len(refused), bottom - 0.5 - gap / 2),
                "x",
                color=style.MUTED,
                markersize=6,
                gid="refused",
            )
            ticks.append(bottom - 0.5 - gap / 2)
            labels.append("refused")
            ax.text(1.012, ticks[-1], f"{len(refused):,}", transform=ax.get_yaxis_transform(), va="center", ha="left")
        ax.set_yticks(ticks, labels)
        ax.tick_params(axis="y", length=0)
        ax.spines["left"].set_visible(False)
        ax.text(1.012, 1, "share", transform=ax.transAxes, va="bottom", ha="left", color=style.MUTED)
        title = "pale: waiting · full: being served" if max(result.longest_queues) else "being served"
        ax.set_title(title + (" · grey: client has gone" if result.hung_up_s is not None else ""), color=style.MUTED)


def _outages(result: "Trace", node: int) -> list[tuple[float, float]]:
    """From when to when a node is down."""
    spans, since = [], None
    for event in result.events:
        if event.node != node:
            continue
        if not event.up and since is None:
            since = event.time_s
        elif event.up and since is not None:
            spans.append((since, event.time_s))
            since = None
    if since is not None:
        spans.append((since, result.duration_s))
    return spans
