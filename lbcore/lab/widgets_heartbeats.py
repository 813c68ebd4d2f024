"""The widgets of lesson 07."""

from functools import partial
from typing import Any

from lbcore.faults import Chen, FixedTimeout, PhiAccrual
from lbcore.lab import experiments_heartbeats as experiments
from lbcore.lab.calls import Call, Text
from lbcore.lab.controlled import controlled
from lbcore.lab.live import Live
from lbcore.lab.panel import Panel
from lbcore.lab.recipes import code, name_of

__all__ = ["detection", "live_heartbeats", "raster", "silences", "tradeoff", "weather"]

#: What the lessons give each rule beside its threshold: a beat a second, and no pause that is forgiven in advance.
BESIDE: dict[Any, tuple[str, str]] = {Chen: ("1.0, ", ""), PhiAccrual: ("", ", pause_s=0.0, window=100")}

#: What the threshold of each rule is called.
THRESHOLDS: dict[Any, str] = {FixedTimeout: "timeout, seconds", Chen: "margin, seconds", PhiAccrual: "threshold, phi"}


def detection(
    timeout_s: Any = 3.0, *, check_s: Any = None, delay_s: Any = None, seed: Any = None, prediction: Any = None
) -> Panel:
    """How long it takes a fixed timeout to notice a crash, many times."""

    def call(timeout_s: Any, **named: Any) -> Call:
        return Call(experiments.detection, (timeout_s,), _given(named))

    arguments = {"timeout_s": timeout_s, "check_s": check_s, "delay_s": delay_s, "seed": seed}
    called = {"timeout_s": "timeout, seconds", "check_s": "looks every, seconds", "delay_s": "mean delay, seconds"}
    return controlled(call, arguments, prediction, called=called)


def raster(cls: Any, threshold: Any, *, loss: Any = None, nodes: Any = None, seed: Any = None) -> Panel:
    """Beats of node threads as a monitor hears them, and its suspicion of the one that dies.

    cls: FixedTimeout, PhiAccrual, Chen or a student's class; threshold: the one number it is made with.
    """

    def call(cls: Any, threshold: Any, **named: Any) -> Call:
        return Call(experiments.raster, (_rule(cls, threshold),), _given(named))

    return controlled(
        call, {"cls": cls, "threshold": threshold, "loss": loss, "nodes": nodes, "seed": seed}, called=_called(cls)
    )


def tradeoff(cls: Any, threshold: Any, *, loss: Any = None, seed: Any = None) -> Panel:
    """Detection time against false alarms; `threshold` moves the mark along the curve."""

    def call(cls: Any, threshold: Any, **named: Any) -> Call:
        return Call(experiments.tradeoff, (_rule(cls, threshold),), _given(named))

    return controlled(call, {"cls": cls, "threshold": threshold, "loss": loss, "seed": seed}, called=_called(cls))


def weather(cls: Any, threshold: Any, *, seed: Any = None) -> Panel:
    """A rule in a network that changes: the silence it forgives, and the gaps that were longer."""

    def call(cls: Any, threshold: Any, **named: Any) -> Call:
        return Call(experiments.weather, (_rule(cls, threshold),), _given(named))

    return controlled(call, {"cls": cls, "threshold": threshold, "seed": seed}, called=_called(cls))


def silences(seconds: Any = 30) -> Panel:
    """Slow, cut off and dead: what the monitor hears in the first `seconds`, and what happens."""
    return controlled(lambda seconds: Call(experiments.silences, (seconds,), {}), {"seconds": seconds})


def live_heartbeats(timeout_s: float = 0.8, nodes: int = 4, until_s: float = 8.0) -> Live:
    """Real node threads that beat four times a second, and one that dies; the suspicion is drawn as it grows."""
    run = partial(experiments.beating, detector=FixedTimeout(timeout_s), nodes=nodes, until_s=until_s)
    return Live(run, until_s, f"{nodes} node threads that beat and a monitor that watches")


def _called(cls: Any) -> dict[str, str]:
    """What the controls are called."""
    return {
        "threshold": THRESHOLDS.get(cls, "k" if isinstance(cls, type) else "threshold"),
        "loss": "share of beats lost",
    }


def _rule(cls: Any, threshold: Any) -> Text:
    """The detector, and the code that makes it."""
    if not isinstance(cls, type):
        raise TypeError(f"cls: {cls!r} is no class; give the class itself, not one made from it")
    before, after = BESIDE.get(cls, ("", ""))
    if cls is Chen:
        made: Any = Chen(1.0, threshold)
    elif cls is PhiAccrual:
        made = PhiAccrual(threshold, pause_s=0.0, window=100)
    else:
        made = cls(threshold)
    return Text(made, f"{name_of(cls)}({before}{code(threshold)}{after})")


def _given(named: dict[str, Any]) -> dict[str, Any]:
    """The arguments that are not left to the experiment."""
    return {name: value for name, value in named.items() if value is not None}
