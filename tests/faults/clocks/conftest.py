"""One body, two clocks: whatever code may rely on holds on wall time and on simulated time alike."""

from collections.abc import Callable

import pytest

from lbcore.faults import Clock, RealClock, VirtualClock

MAKERS: dict[str, Callable[[], Clock]] = {
    "real": RealClock,
    "virtual-1": lambda: VirtualClock(1),
    "virtual-2": lambda: VirtualClock(2),
}


@pytest.fixture(params=MAKERS)
def clock(request: pytest.FixtureRequest) -> Clock:
    return MAKERS[request.param]()
