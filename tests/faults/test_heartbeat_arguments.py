"""What heartbeats refuse: an error that names the argument, before a thread starts."""

import math
from collections.abc import Callable
from typing import Any

import pytest

from lbcore.faults import (
    Chen,
    Crash,
    Cut,
    FaultPlan,
    FixedTimeout,
    Heartbeats,
    Network,
    PhiAccrual,
    Rise,
    VirtualClock,
)

NAN, INF = math.nan, math.inf
ABC = ["a", "b", "c"]


@pytest.mark.parametrize(
    ("given", "name", "error"),
    [
        ({"nodes": []}, "nodes", ValueError),
        ({"nodes": "abc"}, "nodes", TypeError),
        ({"nodes": ["a", 3]}, "nodes", TypeError),
        ({"nodes": ["a", ""]}, "nodes", TypeError),
        ({"nodes": ["a", "b", "a"]}, "nodes", ValueError),
        ({"nodes": ["a"], "shape": "all"}, "nodes", ValueError),
        ({"nodes": 3}, "nodes", TypeError),
        ({"interval_s": 0.0}, "interval_s", ValueError),
        ({"interval_s": -1.0}, "interval_s", ValueError),
        ({"interval_s": NAN}, "interval_s", ValueError),
        ({"interval_s": INF}, "interval_s", ValueError),
        ({"interval_s": "1"}, "interval_s", TypeError),
        ({"interval_s": 3.0}, "detector", ValueError),
        ({"interval_s": 5.0}, "detector", ValueError),
        ({"detector": 3.0}, "detector", TypeError),
        ({"detector": FixedTimeout}, "detector", TypeError),
        ({"detector": Chen(0.4, 0.5)}, "detector", ValueError),
        ({"detector": PhiAccrual(0.1, pause_s=0.0)}, "detector", ValueError),
        ({"detector": Rise(FixedTimeout(1.0))}, "detector", ValueError),
        ({"shape": "ring"}, "shape", ValueError),
        ({"monitor": "b"}, "monitor", ValueError),
        ({"monitor": ""}, "monitor", TypeError),
        ({"plan": FaultPlan(Crash("z", 1.0))}, "plan", ValueError),
        ({"plan": FaultPlan(Cut("a", "monitor", 1.0)), "shape": "all"}, "plan", ValueError),
        ({"plan": [Crash("a", 1.0)]}, "plan", TypeError),
        ({"network": 3}, "network", TypeError),
        ({"network": Network(VirtualClock(2))}, "network", ValueError),
        ({"on_change": "print"}, "on_change", TypeError),
    ],
)
def test_bad_parameters(given: dict[str, Any], name: str, error: type[Exception]) -> None:
    arguments = {"nodes": ABC, "detector": FixedTimeout(3.0), **given}
    with pytest.raises(error, match=f"^{name}: "):
        Heartbeats(VirtualClock(1), **arguments)


def test_no_clock_and_a_plan_whose_cuts_the_network_does_not_know() -> None:
    with pytest.raises(TypeError, match=r"^clock: "):
        Heartbeats(1.0, ABC, FixedTimeout(3.0))  # type: ignore[arg-type]
    clock = VirtualClock(1)
    with pytest.raises(ValueError, match="plan: it cuts links"):
        Heartbeats(clock, ABC, FixedTimeout(3.0), network=Network(clock), plan=FaultPlan(Cut("a", "monitor", 1.0)))


@pytest.mark.parametrize("ask", ["failed", "last_s", "suspicion"])
def test_questions_about_nobody(ask: str) -> None:
    clock = VirtualClock(1)
    central, everyone = (Heartbeats(clock, ABC, FixedTimeout(3.0), shape=shape) for shape in ("central", "all"))
    call: Callable[..., Any] = getattr(central, ask)
    with pytest.raises(ValueError, match=r"^node: 'z' is not one of"):
        call("z")
    with pytest.raises(ValueError, match=r"^watcher: 'z' is not one of"):
        call("a", "z")
    with pytest.raises(ValueError, match=r"^watcher: every node watches"):
        getattr(everyone, ask)("a")
    with pytest.raises(ValueError, match=r"^node: 'a' is not one of"):
        getattr(everyone, ask)("a", "a")
