"""What a student waits for: from a control's new value to the new SVG in the kernel, and a session's first picture."""

import subprocess
import sys
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import lbcore
from lbcore import HashSlots, ModuloHash, Random, TwoChoices
from tests.benchmarks.measure import Job, Maker, Work

REQUESTS = 1_000_000


def exhibit(name: str) -> Callable[..., Any]:
    """A picture of the build that is measured; before 0.2.0 they stood in `widgets`."""
    from lbcore import lab

    return getattr(getattr(lab, "widgets", lab), name)


def balance_of(selector: type, nodes: int) -> tuple[Any, Any, Any]:
    from lbcore.lab import slider

    return exhibit("balance")(selector, nodes=nodes, requests=slider(10, REQUESTS)), REQUESTS, REQUESTS // 2


def keys_that_move() -> tuple[Any, Any, Any]:
    from lbcore.lab import slider

    return exhibit("moves")([ModuloHash, HashSlots], after=slider(1, 20, start=11)), 9, 4


def hot() -> tuple[Any, Any, Any]:
    from lbcore.lab import slider

    return exhibit("hot_keys")(ModuloHash, exponent=slider(0.0, 2.0, start=1.0, step=0.1)), 2.0, 1.0


def moved(panel: Callable[[], tuple[Any, Any, Any]], _: bool) -> Job:
    """One unit is one move of the slider, there or back."""
    widget, one, other = panel()
    [control] = widget.controls.values()

    def there_and_back() -> None:
        control.value = one
        control.value = other
        assert widget.error is None

    return Job(Work(there_and_back, 2), {}, "ms", marks={"before": 2.0})


OURS = """
from lbcore import Random, lab
getattr(lab, "widgets", lab).balance(Random, requests=lab.slider(10, 1000000))
"""
BARE = """
import io, ipywidgets, numpy as np
from matplotlib.figure import Figure
widget, control = ipywidgets.HTML(), ipywidgets.IntSlider(min=10, max=1000000)
counts = np.bincount(np.random.default_rng(1).integers(0, 10, 1000000), minlength=10)
figure = Figure()
figure.subplots().bar(range(10), counts)
text = io.StringIO()
figure.savefig(text, format="svg")
widget.value = text.getvalue()
"""


def first_picture(_: bool) -> Job:
    """A new process until its first picture, beside the same bars drawn with matplotlib and ipywidgets alone."""

    there = Path(lbcore.__file__).parents[1]  # the build that is measured: `-c` looks where it is

    def run(code: str) -> Work:
        return Work(lambda: subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, cwd=there))

    peers: dict[str, Work | str] = {"bare matplotlib": run(BARE)}
    return Job(run(OURS), peers, "ms", marks={"bare matplotlib": 1 / 1.3}, wall=True)


PANELS: dict[str, Callable[[], tuple[Any, Any, Any]]] = {
    "slider: balance, 10 nodes": partial(balance_of, Random, 10),
    "slider: balance, 64 nodes": partial(balance_of, TwoChoices, 64),
    "slider: moves": keys_that_move,
    "slider: hot keys": hot,
}
JOBS: dict[str, Maker] = {name: partial(moved, panel) for name, panel in PANELS.items()}
JOBS["import to first picture"] = first_picture
