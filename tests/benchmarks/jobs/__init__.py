"""All jobs by name, in the order of the table."""

from tests.benchmarks.jobs import calls, lab, lookups, picks, queues, tables, threads
from tests.benchmarks.measure import Maker

#: Distributions that are compared with, in the `bench` extra.
PACKAGES = (
    "numpy",
    "uhashring",
    "jump-consistent-hash",
    "fastring",
    "xxhash",
    "simpy",
    "ciw",
    "cimba",
    "happysim",
)

JOBS: dict[str, Maker] = {
    **picks.JOBS,
    **calls.JOBS,
    **lookups.JOBS,
    **tables.JOBS,
    **queues.JOBS,
    **threads.JOBS,
    **lab.JOBS,
}
