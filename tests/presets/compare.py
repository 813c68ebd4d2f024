"""Prints how many picks were compared with each system, and how many differed: python -m tests.presets.compare

Recorded picks first, then those of the servers that are installed here, started on loopback.
"""

import re
import sys
from collections import defaultdict
from pathlib import Path

import pytest

from .recordings import cases


class Notes:
    """Collects what the live tests note."""

    def __init__(self) -> None:
        self.live: dict[str, tuple[int, int]] = {}
        self.failed = False

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        self.failed |= report.failed
        for name, value in report.user_properties:
            if report.when == "call" and name.endswith(" live"):
                compared, mismatches = map(int, re.findall(r"\d+", str(value)))
                self.live[name.removesuffix(" live")] = compared, mismatches


def main() -> int:
    recorded: dict[str, list[int]] = defaultdict(lambda: [0, 0])
    for case in cases():
        recorded[case.system][0] += len(case.wanted)
        recorded[case.system][1] += case.mismatches()
    notes = Notes()
    live = str(Path(__file__).parent / "live")
    pytest.main(["-q", "--no-header", "-o", "addopts=", "-p", "no:cacheprovider", live], plugins=[notes])
    print(f"\n{'system':14}{'recorded':>10}{'mismatches':>12}{'live':>10}{'mismatches':>12}")
    for system, (compared, mismatches) in recorded.items():
        real = notes.live.get(system, ("-", "-"))
        print(f"{system:14}{compared:>10}{mismatches:>12}{real[0]:>10}{real[1]:>12}")
    return int(notes.failed or any(mismatches for _, mismatches in recorded.values()))


if __name__ == "__main__":
    sys.exit(main())
