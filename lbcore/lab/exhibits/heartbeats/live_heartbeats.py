"""Real node threads that beat, one that dies, and a monitor that watches, on wall time."""

from functools import partial

from lbcore.faults import Clock, Crash, Detector, ExponentialDelay, FixedTimeout, Network
from lbcore.lab.exhibits.heartbeats.raster import Raster, watched
from lbcore.lab.frame.live import Live, Report


def live_heartbeats(timeout_s: float = 0.8, nodes: int = 4, until_s: float = 8.0) -> Live:
    """Real node threads that beat four times a second, and one that dies; the suspicion is drawn as it grows."""
    run = partial(beating, detector=FixedTimeout(timeout_s), nodes=nodes, until_s=until_s)
    return Live(run, until_s, f"{nodes} node threads that beat and a monitor that watches")


def beating(clock: Clock, report: Report, detector: Detector, nodes: int = 4, until_s: float = 8.0) -> Raster:
    """The threads of `raster` inside any clock, and quicker: four beats a second, and 5 % of them lost."""
    start_s = clock.now()
    network = Network(clock, delay=ExponentialDelay(0.01), loss=0.05, seed=7)
    crash = Crash("node-0", start_s + 0.6 * until_s)
    return watched(clock, network, detector, nodes, 0.25, crash, until_s, 7, report)
