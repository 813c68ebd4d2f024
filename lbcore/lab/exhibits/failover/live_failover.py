"""The same on real threads: a node dies, is counted out, and comes back, and no request is lost."""

from collections.abc import Callable
from functools import partial

from lbcore.faults import Clock
from lbcore.lab.exhibits.failover._setting import Setting, cluster
from lbcore.lab.exhibits.failover.failover import Failover
from lbcore.lab.frame.live import Live


def live_failover(nodes: int = 4) -> Live:
    """Real threads on wall time: a node dies after 2 s, is counted out, and comes back; no request is lost."""
    setting = Setting(
        nodes=nodes,
        timeout_s=1.0,
        policy="reassign",
        fault="crash",
        rate_per_s=20.0,
        service_s=0.05,
        at_s=2.0,
        back_s=5.0,
        seconds=7.0,
        interval_s=0.25,
        patience_s=5.0,
        slow_start_s=0.0,
        delay_s=0.0,
        seed=7,
    )
    run = partial(measured, setting=setting)
    return Live(run, 8, f"{nodes} nodes on real threads, of which one dies")


def measured(clock: Clock, report: Callable[..., None], setting: Setting) -> Failover:
    """The same inside any clock that runs, and shown while it runs. report: as `lbcore.lab.frame.live` says."""
    made, over = cluster(clock, setting), clock.event()

    def show() -> None:
        # On a thread of its own: a request that had to wait for a drawing would come late.
        while not over.wait(0.1):
            report(min(0.99, clock.now() / setting.seconds), Failover(made.report(), setting, live=True))

    made.start()
    shown = clock.spawn(show, name="show")
    begun_s, futures = clock.now(), []
    for request, time_s in enumerate(setting.times_s):
        clock.sleep(max(0.0, begun_s + time_s - clock.now()))
        futures.append(made.submit(request))
    clock.wait(futures)
    over.set()
    shown.join()
    return Failover(made.report(), setting, live=True)
