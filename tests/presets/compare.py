"""Prints how many picks were compared with each system, and how many differed: python -m tests.presets.compare

Recorded picks first, then those of the servers that are installed here, started on loopback. With `--picks 1000000` the
servers are asked over and over, each time with other weights, keys and scripts, until so many were compared; with
`--each 100000` until so many were of each policy that is compared pick for pick. One line for each policy then says how
many, and how many differed. What else is given goes to pytest: `-k groups`, say. The slots that redis-cli deals are no
picks of requests: they are compared and printed, and do not count towards N.
"""

import argparse
import os
import re
import resource
import sys
from collections import defaultdict
from pathlib import Path

import pytest

from .recordings import cases


class Notes:
    """Collects what the live tests note."""

    def __init__(self, wanted: int, each: int) -> None:
        self.live: dict[str, list[int]] = defaultdict(lambda: [0, 0])
        self.policies: dict[str, list[int]] = defaultdict(lambda: [0, 0])
        self.failed = False
        self.of_test: dict[str, set[str]] = defaultdict(set)
        self.wanted, self.each = wanted, each

    def enough(self, test: str) -> bool:
        """Whether another round would bring nothing that is wanted."""
        each = [self.policies[policy][0] for policy in self.of_test[test]]
        return bool(each) and min(each) >= self.each and self.picks() >= self.wanted

    def pytest_collection_modifyitems(self, config: pytest.Config, items: list[pytest.Item]) -> None:
        done = [item for item in items if self.enough(item.nodeid)]
        config.hook.pytest_deselected(items=done)
        items[:] = [item for item in items if item not in done]

    def picks(self) -> int:
        """Of requests, without slots."""
        return sum(compared for system, (compared, _) in self.live.items() if system != "redis")

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        self.failed |= report.failed
        for name, value in report.user_properties:
            system, _, policy = name.partition(" policy ")
            if report.when == "call" and (policy or name.endswith(" live")):
                if policy:
                    self.of_test[report.nodeid].add(f"{system} {policy}")
                counts = self.policies[f"{system} {policy}"] if policy else self.live[name.removesuffix(" live")]
                compared, mismatches = map(int, re.findall(r"\d+", str(value)))
                counts[0] += compared
                counts[1] += mismatches


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.presets.compare", description="Compares picks.")
    parser.add_argument("--picks", type=int, default=0, help="how many to compare with running servers; 0: one round")
    parser.add_argument("--each", type=int, default=0, help="how many to compare of each policy")
    arguments, more = parser.parse_known_args()
    recorded: dict[str, list[int]] = defaultdict(lambda: [0, 0])
    for case in cases():
        recorded[case.system][0] += len(case.wanted)
        recorded[case.system][1] += case.mismatches()
    notes = Notes(arguments.picks, arguments.each)
    live = str(Path(__file__).parent / "live")
    if arguments.picks or arguments.each:
        os.environ["LBCORE_EXPLORE"] = "1"
    options = ["-q", "--no-header", "-o", "addopts=", "-o", "timeout=0", "-p", "no:cacheprovider"]
    before = -1
    while before < notes.picks():
        before = notes.picks()
        ended = pytest.main([*options, *more, live], plugins=[notes])
        if ended == pytest.ExitCode.INTERRUPTED or all(map(notes.enough, notes.of_test)):
            break  # Ctrl-C ends it with what was compared so far
    spent = [sum(resource.getrusage(who)[:2]) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    for policy, (compared, mismatches) in sorted(notes.policies.items()):
        print(f"{policy:30}{compared:>10}{mismatches:>12}")
    print(f"\n{'system':14}{'recorded':>10}{'mismatches':>12}{'live':>10}{'mismatches':>12}")
    for system, (compared, mismatches) in recorded.items():
        real = notes.live.get(system, ["-", "-"])
        print(f"{system:14}{compared:>10}{mismatches:>12}{real[0]:>10}{real[1]:>12}")
    print(f"\nlive picks of requests: {notes.picks():,}; the rest of Redis' are slots")
    own, servers = (1e3 * seconds / max(1, notes.picks()) for seconds in spent)
    print(f"{own:.2f} ms of processor a pick here, {servers:.2f} in the servers")
    return int(notes.failed or any(mismatches for _, mismatches in recorded.values()))


if __name__ == "__main__":
    sys.exit(main())
