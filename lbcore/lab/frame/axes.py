"""Axes that draw all their ticks with the artists of one.

matplotlib makes five artists for every tick, anew with every picture: a third of the time from a slider to its picture.
Here the first tick of an axis stands for all: its grid line and its mark are drawn once, for all places, and
its label once for each. Whoever asks for the ticks one by one gets them as ever.
"""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import numpy as np
from matplotlib.artist import Artist
from matplotlib.axes import Axes
from matplotlib.axis import Tick, XAxis, YAxis
from matplotlib.ticker import NullLocator

__all__ = ["LeanAxes"]


class Row:
    """All ticks of a kind, drawn as one. side: 0 where the axis is horizontal, 1 where it is vertical."""

    def __init__(self, tick: Tick, side: int, places: Sequence[float], texts: Sequence[str]) -> None:
        self.tick, self.side, self.places, self.texts = tick, side, places, texts

    def draw(self, renderer: Any) -> None:
        """The grid below the marks below the labels."""
        along, n = np.asarray(self.places, dtype=float), len(self.places)
        if self.tick.gridline.get_visible():
            self._put(self.tick.gridline, np.repeat(along, 3), np.tile([0.0, 1.0, np.nan], n))
            self.tick.gridline.draw(renderer)
        for mark, across in ((self.tick.tick1line, 0.0), (self.tick.tick2line, 1.0)):
            if mark.get_visible() and mark.get_markersize():
                self._put(mark, along, np.full(n, across))
                mark.draw(renderer)
        for label in self.labels():
            label.draw(renderer)

    def _put(self, line: Any, along: Any, across: Any) -> None:
        line.set_data(*((across, along) if self.side else (along, across)))

    def labels(self) -> Iterator[Any]:
        """The label at each place in turn: one and the same."""
        for label in (self.tick.label1, self.tick.label2):
            for place, text in zip(self.places, self.texts, strict=True) if label.get_visible() else ():
                (label.set_y if self.side else label.set_x)(place)
                label.set_text(text)
                yield label


class _Lean:
    side: int
    _few = False

    def _update_ticks(self: Any) -> list[Row]:
        """The ticks that are to be drawn."""
        rows = []
        low, high = sorted(self.get_transform().transform(self.get_view_interval()))
        slack = 1e-10 * (high - low)
        for group, which in ((self.major, "major"), (self.minor, "minor")):
            if isinstance(group.locator, NullLocator):
                continue
            places = group.locator()
            texts = group.formatter.format_ticks(places)
            at = self.get_transform().transform(np.asarray(places, dtype=float))
            seen = [i for i, x in enumerate(at) if low - slack <= x <= high + slack]
            ticks = self.majorTicks if which == "major" else self.minorTicks
            if seen:
                rows.append(Row(ticks[0], self.side, [places[i] for i in seen], [texts[i] for i in seen]))
        return rows

    def _get_ticklabel_bboxes(self: Any, rows: list[Row], renderer: Any) -> tuple[list[Any], list[Any]]:
        """Where the labels are; only the label of the axis, and a factor beside it, ask for that."""
        if not self.label.get_text() and not self.major.formatter.get_offset():
            return [], []
        return [label.get_window_extent(renderer) for row in rows for label in row.labels()], []

    def set_clip_path(self, path: Any, transform: Any = None) -> None:
        """Ticks lie inside; to be told, they would have to be made."""
        Artist.set_clip_path(self, path, transform)  # type: ignore[arg-type]

    def set_tick_params(self, *given: Any, **more: Any) -> None:
        """Minor ticks that nobody has asked for yet are not made to be told; they will look so once they are."""
        unmade = "minorTicks" not in self.__dict__
        if unmade:
            self.__dict__["minorTicks"] = []
        super().set_tick_params(*given, **more)  # type: ignore[misc]
        if unmade:
            self.__dict__.pop("minorTicks", None)

    @contextmanager
    def _one(self) -> Iterator[None]:
        self._few = True
        try:
            yield
        finally:
            self._few = False

    def set_ticks(self, *given: Any, **more: Any) -> Any:
        with self._one():
            return super().set_ticks(*given, **more)  # type: ignore[misc]

    def get_major_ticks(self: Any, numticks: int | None = None) -> Any:
        return super().get_major_ticks(1 if self._few else numticks)  # type: ignore[misc]

    def get_minor_ticks(self: Any, numticks: int | None = None) -> Any:
        return super().get_minor_ticks(1 if self._few else numticks)  # type: ignore[misc]

    def get_majorticklabels(self) -> Any:
        super()._update_ticks()  # type: ignore[misc]
        return super().get_majorticklabels()  # type: ignore[misc]

    def get_minorticklabels(self) -> Any:
        super()._update_ticks()  # type: ignore[misc]
        return super().get_minorticklabels()  # type: ignore[misc]


class LeanXAxis(_Lean, XAxis):
    side = 0
    __name__ = "xaxis"


class LeanYAxis(_Lean, YAxis):
    side = 1
    __name__ = "yaxis"


class LeanAxes(Axes):
    """Axes as matplotlib's, in less time."""

    def _init_axis(self) -> None:
        self.xaxis = LeanXAxis(self, clear=False)
        self.yaxis = LeanYAxis(self, clear=False)
        for axis, sides in ((self.xaxis, ("bottom", "top")), (self.yaxis, ("left", "right"))):
            for side in sides:
                self.spines[side].register_axis(axis)
