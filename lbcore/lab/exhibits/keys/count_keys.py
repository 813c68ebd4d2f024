"""The keys of a file of the reader's own through a selector: what each node gets, and the key asked for most."""

import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from heapq import nlargest
from pathlib import Path
from typing import Any

import numpy as np

from lbcore._counting import bincount
from lbcore.lab.exhibits.keys._hottest import Hottest
from lbcore.lab.exhibits.keys._reader import read_keys
from lbcore.lab.frame.exhibit import exhibit
from lbcore.lab.frame.inputs import number
from lbcore.lab.frame.result import Counts
from lbcore.lab.frame.words import Guess, scored
from lbcore.lab.student import classes

_HOT_KEYS = 20_000
_HOT_CHARACTERS = 16_000_000


@dataclass(frozen=True, eq=False, repr=False)
class KeyCounts(Hottest):
    """How a selector shared out the keys of a file; printing it gives its sentence.

    Attributes:
        source: the file's name. field: the log field taken as key, or None.
        nodes: names of the nodes. counts: requests of each, in that order.
        requests: keys read. unplaced: those that no node took, because all were down.
        lines, empty_lines, bad_lines: what the file held. reasons: why the bad lines are bad, and how many for each.
            first_bad: numbers of the first bad lines.
        top: the keys asked for most, each with its count, which may be too small by `top_error` (0: exact).
        hottest: requests for the first of them at each node; all zero for a selector that takes no key.
        distinct: number of different keys, or None where there were too many to keep.
        problem: None, or why reading stopped early.
    """

    source: str
    field: str | None
    nodes: tuple[str, ...]
    counts: Counts
    requests: int
    unplaced: int
    lines: int
    empty_lines: int
    bad_lines: int
    reasons: tuple[tuple[str, int], ...]
    first_bad: tuple[int, ...]
    top: tuple[tuple[str, int], ...]
    top_error: int
    hottest: Counts
    distinct: int | None
    problem: str | None

    def sentence(self, prediction: Guess | None = None) -> str:
        """What came out."""
        return " ".join(self._sentences()) + scored(prediction, float(self.counts.max(initial=0)))

    def _sentences(self) -> Iterator[str]:
        if self.problem:
            yield self.problem
        bad = ""
        if self.bad_lines:
            numbers = ", ".join(map(str, self.first_bad))
            more = ", ..." if self.bad_lines > len(self.first_bad) else ""
            why = ", ".join(
                reason if count == self.bad_lines else f"{count:,} {reason}" for reason, count in self.reasons
            )
            bad = f"; {_some(self.bad_lines, 'line')} could not be used, {why} (line {numbers}{more})"
        key = "" if self.field is None else f", key: {self.field}"
        yield f"{_some(self.requests, 'request')} from {self.source}{key}{bad}."
        if not self.requests:  # interrupted before the first batch
            return
        if self.unplaced:
            yield f"{_some(self.unplaced, 'request')} found no node up."
        if self.counts.any():
            busiest = int(self.counts.argmax())
            times = self.counts[busiest] / self.counts.mean()
            got = f"{self.nodes[busiest]}, got {self.counts[busiest]:,}: {times:.2f} times the mean."
            yield f"The busiest of {_some(len(self.nodes), 'node')}, {got}"
        if self.top:
            key, count = self.top[0]
            if (count + self.top_error) / self.requests < 0.01:
                yield "No key is as much as 1 % of them."
            else:
                least = "at least " if self.top_error else ""
                yield f"The key asked for most, {_short(key)}, is {least}{100 * count / self.requests:.1f} % of them."


@exhibit()
def count_keys(
    selector: Any,
    path: str | Path,
    field: str | None = None,
    *,
    nodes: int | Sequence[str] = 10,
    top: int = 10,
    progress: Callable[[float], None] | None = None,
) -> KeyCounts:
    """Send every key of a file through a copy of `selector` and count what each node gets.

    Memory stays flat however large the file is. Interrupting the kernel keeps what was counted so far, to within one
    batch.

    Args:
        selector: an lbcore selector, or any object with `nodes` and `select_many`; or a class, made for `nodes` nodes.
        path, field: as in `read_keys`.
        top: how many of the keys asked for most to keep.
        progress: called with the share that is done, from 0 to 1. Without it, a bar appears in a notebook after two
            seconds.

    Raises:
        KeyFileError: the file, or no line of it, can be used. TypeError, ValueError: another argument is wrong.
    """
    number("top", top)
    one = classes.made(selector, nodes)
    if not hasattr(one, "select_many") or not hasattr(one, "nodes"):
        raise TypeError(f"selector: expected one of lbcore's selectors, got {classes.name_of(one)}")
    reader = read_keys(path, field)
    one = one.copy() if hasattr(one, "copy") else one
    names = tuple(one.nodes)
    keyed = getattr(one, "keyed", True)
    hot = _HotKeys()
    # The first place is for -1: no node was up.
    tally = np.zeros(len(names) + 1, dtype=np.int64)
    bar = _Bar(reader.path.name)
    tell = bar.show if progress is None else progress
    problem = None
    try:
        for batch in reader.batches():
            picks = np.asarray(one.select_many(batch if keyed else len(batch)))
            tally += bincount(picks + 1, minlength=len(tally))
            hot.add(batch)
            tell(reader.bytes_read / max(reader.bytes_total, 1))
    except KeyboardInterrupt:
        done = reader.bytes_read / max(reader.bytes_total, 1)
        problem = f"Interrupted after {done:.0%} of the file: what follows is about that part."
    finally:
        bar.close()
    ranked = tuple(hot.counts.most_common(max(top, 1)))
    hottest = np.zeros(len(names), dtype=np.int64)
    if keyed and ranked and (node := int(one.select_many([ranked[0][0]])[0])) >= 0:
        hottest[node] = ranked[0][1]
    return KeyCounts(
        source=reader.path.name,
        field=field,
        nodes=names,
        counts=tally[1:],
        requests=int(tally.sum()),
        unplaced=int(tally[0]),
        lines=reader.lines,
        empty_lines=reader.empty_lines,
        bad_lines=reader.bad_lines,
        reasons=tuple(reader.reasons.most_common()),
        first_bad=tuple(reader.first_bad),
        top=ranked[:top],
        top_error=hot.error,
        hottest=hottest,
        distinct=None if hot.error else len(hot.counts),
        problem=problem or reader.problem,
    )


class _HotKeys:
    """The keys asked for most, in bounded memory: a Misra-Gries summary, pruned a batch at a time.

    Exact up to 20,000 different keys. Beyond that a count may be too small by at most `error`
    (Misra and Gries 1982; merged as in Agarwal and others, "Mergeable summaries", 2012).
    """

    def __init__(self) -> None:
        self.counts: Counter[str] = Counter()
        self.error = 0

    def add(self, keys: list[str]) -> None:
        self.counts.update(keys)
        if len(self.counts) > 2 * _HOT_KEYS:
            self._keep(_HOT_KEYS)
        while sum(map(len, self.counts)) > _HOT_CHARACTERS:
            self._keep(len(self.counts) // 2)

    def _keep(self, most: int) -> None:
        cut = nlargest(most + 1, self.counts.values())[-1]
        self.counts = Counter({key: count - cut for key, count in self.counts.items() if count > cut})
        self.error += cut


class _Bar:
    """A progress bar in a notebook, drawn only when the work lasts over two seconds; nothing elsewhere."""

    _PATIENCE_S = 2.0
    _INTERVAL_S = 0.2

    def __init__(self, name: str) -> None:
        self._name = name
        self._next = time.monotonic() + self._PATIENCE_S
        self._widget: Any = None

    def show(self, share: float) -> None:
        now = time.monotonic()
        if now < self._next:
            return
        self._next = now + self._INTERVAL_S
        if self._widget is None:
            self._widget = _new_bar(self._name)
        if self._widget is not None:
            self._widget.value = share

    def close(self) -> None:
        if self._widget is not None:
            self._widget.close()


def _new_bar(name: str) -> Any:
    from IPython import get_ipython
    from IPython.display import display
    from ipywidgets import FloatProgress, Layout

    if get_ipython() is None:
        return None
    bar = FloatProgress(min=0.0, max=1.0, description=name, layout=Layout(width="90%"))
    display(bar)
    return bar


def _some(count: int, noun: str) -> str:
    return f"{count:,} {noun}" + "s" * (count != 1)


def _short(key: str) -> str:
    return repr(key if len(key) <= 60 else key[:57] + "...")
