"""What lbcore costs, beside everybody who does the same work in the same run.

    pip install -e '.[bench]'
    python -m tests.benchmarks [--quick] [--job NAME ...] [--against FOLDER] [--json] [--plot FILE] [--growth]

A line for each peer: lbcore's time for one unit of the job's work, the floor (the least that this machine could do it
in: writing the output once, and where there are keys reading them once), the peer's time, how many times as long as
lbcore it took, half the distance between that ratio in the first and the second half of the rounds, and the mark that
was set. --against FOLDER is another build of lbcore, such as a worktree of an older commit, and stands in the table as
`before`; both builds then run in processes of their own.
"""

import argparse
import json
import platform
import sys
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

from tests.benchmarks import growth
from tests.benchmarks.jobs import JOBS, PACKAGES
from tests.benchmarks.measure import Row, measured
from tests.benchmarks.worker import ROOT, Elsewhere


def installed(package: str) -> str:
    """Its version, or that it is missing."""
    try:
        return f"{package} {version(package)}"
    except PackageNotFoundError:
        return f"{package} MISSING"


def row(name: str, quick: bool, against: Path | None) -> Row:
    """One job, measured."""
    job = JOBS[name](quick)
    if against is None:
        return measured(name, job, quick)
    with Elsewhere(ROOT, name, quick) as ours, Elsewhere(against, name, quick) as before:
        return measured(name, job, quick, before, ours)


def plot(rows: list[Row], file: Path) -> None:
    """Every ratio as a bar, on a scale of powers of ten."""
    from matplotlib.figure import Figure

    bars = [
        (f"{each.name}: {peer}", found[1].middle)
        for each in rows
        for peer, found in each.peers.items()
        if not isinstance(found, str) and found[1].agreed
    ]
    figure = Figure(figsize=(9, 1 + 0.22 * len(bars)), layout="constrained")
    axes = figure.subplots()
    axes.barh([name for name, _ in bars], [times for _, times in bars], left=0)
    axes.set_xscale("log")
    axes.axvline(1, color="black", linewidth=1)
    axes.set_xlabel("times as long as lbcore")
    axes.invert_yaxis()
    figure.savefig(file)


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(prog="python -m tests.benchmarks", description=__doc__.splitlines()[0])
    parser.add_argument("--quick", action="store_true", help="fewer rounds of smaller jobs: under a minute")
    parser.add_argument("--job", action="append", metavar="NAME", help="the job of this name, or those that contain it")
    parser.add_argument("--against", type=Path, metavar="FOLDER", help="another build of lbcore, as `before`")
    parser.add_argument("--json", action="store_true", help="print the figures for a program")
    parser.add_argument("--plot", type=Path, metavar="FILE", help="draw the ratios as well")
    parser.add_argument("--growth", action="store_true", help="how costs grow with nodes and requests, instead")
    asked = parser.parse_args()
    if asked.growth:
        growth.main(asked.quick, asked.job)
        return
    parts = asked.job or [""]
    names = [name for name in JOBS if any(name == part or (part not in JOBS and part in name) for part in parts)]
    if not names:
        parser.error(f"--job: no name contains that; there are {', '.join(JOBS)}")
    if not asked.json:
        print(f"Python {platform.python_version()}, {', '.join(map(installed, PACKAGES))}")
        print(f"{'job':36} {'lbcore':>13} {'floor':>8}   {'peer':26} {'takes':>12}  {'ratio':>9}")
    rows = []
    for name in names:
        rows.append(row(name, asked.quick, asked.against))
        if not asked.json:
            print(*rows[-1].lines(), sep="\n", flush=True)
    if asked.json:
        about = {"python": platform.python_version(), "packages": list(map(installed, PACKAGES))}
        json.dump({**about, "jobs": [each.record() for each in rows]}, sys.stdout, indent=1)
        print()
    if asked.plot:
        plot(rows, asked.plot)


if __name__ == "__main__":
    main()
