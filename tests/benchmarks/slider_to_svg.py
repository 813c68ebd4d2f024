"""Slider to SVG: how long a widget takes, inside the kernel, from a control's new value to the new picture, in ms.

    python tests/benchmarks/slider_to_svg.py

The browser's part comes on top: tests/browser/test_lessons.py prints the whole way from the key to the screen.
"""

import statistics
import time

from lbcore import HashSlots, ModuloHash, Random, RoundRobin, TwoChoices, WeightedRandom
from lbcore.lab import balance, hot_keys, moves, slider

MOVES = 30


def main() -> None:
    """Print a line for each widget."""
    panels = {
        "balance, Random, 10 nodes": (balance(Random, requests=slider(10, 1_000_000)), 1_000_000),
        "balance, RoundRobin, 10 nodes": (balance(RoundRobin, requests=slider(10, 1_000_000)), 1_000_000),
        "balance, TwoChoices, 64 nodes": (balance(TwoChoices, nodes=64, requests=slider(10, 10**6)), 10**6),
        "balance, WeightedRandom": (
            balance(WeightedRandom, weights=[5, 1, 1], requests=slider(10, 1_000_000)),
            1_000_000,
        ),
        "moves, both, 10,000 keys": (moves([ModuloHash, HashSlots], after=slider(1, 20, start=11)), 9),
        "hot_keys, 100,000 requests": (hot_keys(ModuloHash, exponent=slider(0.0, 2.0, start=1.0, step=0.1)), 2),
    }
    print(f"{MOVES} moves each; ms from the value to the new SVG: median (slowest)")
    for name, (panel, most) in panels.items():
        [control] = panel.controls.values()
        times_ms = []
        for move in range(MOVES):
            start = time.perf_counter()
            control.value = most if move % 2 else type(most)(most // 2)
            times_ms.append((time.perf_counter() - start) * 1e3)
        assert panel.error is None
        print(f"{name:32} {statistics.median(times_ms):6.1f} ({max(times_ms):.1f})")


if __name__ == "__main__":
    main()
