"""How many picks were compared, and how many differed: for the test report."""

from collections import defaultdict
from collections.abc import Callable
from typing import Any

import pytest


class Account:
    """Counts what one test compares."""

    def __init__(self) -> None:
        self.compared = self.mismatches = 0
        self.policies: dict[str, list[int]] = defaultdict(lambda: [0, 0])
        self.wrong: list[str] = []

    def compare(self, what: str, real: list[Any], ours: list[Any]) -> None:
        assert len(real) == len(ours), what
        different = [i for i, (a, b) in enumerate(zip(real, ours, strict=True)) if a != b]
        self.compared += len(real)
        self.mismatches += len(different)
        policy = self.policies[what.split()[0]]
        policy[0] += len(real)
        policy[1] += len(different)
        if different:
            first = different[0]
            self.wrong.append(
                f"{what}: {len(different)} of {len(real)}, first at {first}: {real[first]} not {ours[first]}"
            )

    def close(self, record_property: Callable[[str, object], None], system: str) -> None:
        record_property(f"{system} live", f"{self.compared} picks compared, {self.mismatches} mismatches")
        for policy, (compared, mismatches) in self.policies.items():
            record_property(f"{system} policy {policy}", f"{compared} picks compared, {mismatches} mismatches")
        print(f"{system} live: {self.compared} picks compared, {self.mismatches} mismatches")
        assert self.compared
        if self.wrong:
            pytest.fail("\n".join(self.wrong))
