"""A sweep on processes of this machine and on a Dask cluster of worker processes, and the paper's table beside it.

    pip install -e '.[cluster]'
    python tests/benchmarks/sweeps.py [workers]

The grid is that of Mitzenmacher's tables of simulations ('The Power of Two Choices in Randomized Load Balancing', IEEE
TPDS 12(10), 2001): the mean time in the system of 100 queues, for two and three choices. Both executors must give the
same table.
"""

import sys
import time
from typing import Any

from lbcore import TwoChoices
from lbcore.simulate import queue, sweep

LOADS = (0.5, 0.7, 0.8, 0.9, 0.95, 0.99)
PAPER = {
    2: (1.2673, 1.6202, 1.9585, 2.6454, 3.4610, 5.9275),
    3: (1.1277, 1.3634, 1.5940, 2.0614, 2.6137, 4.4080),
}
#: The nearer to capacity a queue is, the longer its mean takes to settle. Its sd over 1.6 million requests, measured:
#: .13 % at .5, .2 % at .8, .3 % at .9, .55 % at .95, 2.7 % at .99.
MILLIONS = {0.5: 2, 0.7: 2, 0.8: 3, 0.9: 6, 0.95: 18, 0.99: 40}
GRID = {"choices": list(PAPER), "load": list(LOADS), "seed": [1]}


def mean(choices: int, load: float, seed: int) -> dict[str, Any]:
    """The mean time in the system, in mean service times."""
    requests = MILLIONS[load] * 1_000_000
    run = queue(TwoChoices(100, seed=seed, choices=choices), requests, load=load, seed=seed, warm_up=requests // 10)
    return {"mean_s": run.mean_s}


def main(workers: int = 2) -> None:
    """Print the table, and how long it took on each executor."""
    from distributed import Client, LocalCluster

    start = time.perf_counter()
    here = sweep(mean, GRID)
    local_s = time.perf_counter() - start
    with (
        LocalCluster(n_workers=workers, threads_per_worker=1, dashboard_address=None) as cluster,
        Client(cluster) as client,
    ):
        start = time.perf_counter()
        there = sweep(mean, GRID, client.get_executor())
        dask_s = time.perf_counter() - start
    print("load   " + "".join(f"d={d}: paper   lbcore   off      " for d in PAPER))
    found = {(row["choices"], row["load"]): row["mean_s"] for row in here}
    for i, load in enumerate(LOADS):
        pairs = [(paper[i], found[d, load]) for d, paper in PAPER.items()]
        print(f"{load:<6} " + "".join(f"{a:10.4f}{b:9.4f}{100 * (b / a - 1):7.2f} %      " for a, b in pairs))
    print(f"local processes {local_s:.1f} s, Dask on {workers} worker processes {dask_s:.1f} s")
    print("the same table" if here == there else "ANOTHER TABLE")


if __name__ == "__main__":
    main(*map(int, sys.argv[1:]))
