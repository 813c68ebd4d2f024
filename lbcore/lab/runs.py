"""Experiments that repeat: luck over many seeds, and the gap as requests go on."""

from collections.abc import Callable
from typing import Any

import numpy as np

from lbcore import selectors
from lbcore.lab import students, theory
from lbcore.lab.inputs import distinct_keys, labelled, number
from lbcore.lab.results import Growth, Luck
from lbcore.selectors import reference

__all__ = ["growth", "luck"]

#: So many picks, all runs together, of a class in plain Python.
PLAIN_PICKS = 200_000

Progress = Callable[[float], None] | None


def luck(
    cls: Any, nodes: int = 10, requests: int = 1_000, runs: int = 1_000, seed: int = 0, *, progress: Progress = None
) -> Luck:
    """The requests at the busiest node, in many runs: run i has the seed `seed + i`.

    cls: a class, or several to compare. A plain Python class makes fewer runs, so that all of them take no more than
    200,000 picks. progress: called with the share that is done, from 0 to 1.
    """
    nodes, requests = number("nodes", nodes, 1, 100_000), number("requests", requests)
    runs, seed = number("runs", runs, 1, 1_000_000), number("seed", seed, 0, 2**63)
    rows = labelled(cls)
    busiest, idle = [], []
    for row, (_, one) in enumerate(rows):
        mine = runs if not students.is_plain(one) else max(1, min(runs, PLAIN_PICKS // max(1, requests)))
        recipe = students.recipe(one, nodes)
        top, empty = np.zeros(mine, dtype=np.int64), 0
        for i in range(mine):
            picked = students.run(
                recipe.seeded(seed + i)(),
                distinct_keys(requests, seed + i) if students.is_keyed(one) else requests,
                (),
                nodes,
            )
            counts = picked.counts()
            top[i] = counts.max()
            empty += int(np.count_nonzero(counts == 0))
            if progress is not None:
                progress((row + (i + 1) / mine) / len(rows))
        busiest.append(top)
        idle.append(empty / mine)
    return Luck(tuple(label for label, _ in rows), tuple(busiest), tuple(idle), nodes, requests, seed)


def growth(
    cls: Any, nodes: int = 10, upto: int = 1_000_000, seed: int = 0, runs: int = 10, *, progress: Progress = None
) -> Growth:
    """How far the busiest node stands above the mean after 1, 2, ... up to `upto` requests: the mean of `runs` runs."""
    nodes, upto = number("nodes", nodes, 1, 10_000), number("upto", upto, 10)
    runs, seed = number("runs", runs, 1, 10_000), number("seed", seed, 0, 2**63)
    at = np.unique(np.round(np.geomspace(min(nodes, upto), upto, 33)).astype(np.int64))
    rows = labelled(cls)
    if any(students.is_plain(one) for _, one in rows):
        at = np.unique(np.minimum(at, students.FEWEST_PICKS))
    random = any(one in (selectors.Random, reference.Random) for _, one in rows)
    gaps = []
    for row, (_, one) in enumerate(rows):
        recipe = students.recipe(one, nodes)
        total = np.zeros(len(at))
        for i in range(runs):
            picked = students.run(
                recipe.seeded(seed + i)(),
                distinct_keys(int(at[-1]), seed + i) if students.is_keyed(one) else int(at[-1]),
                (),
                nodes,
            )
            counts, done = np.zeros(nodes, dtype=np.int64), 0
            for step, until in enumerate(at):
                counts += picked.counts(slice(done, until))
                total[step] += counts.max() - until / nodes
                done = int(until)
            if progress is not None:
                progress((row + (i + 1) / runs) / len(rows))
        gaps.append(total / runs)
    return Growth(
        tuple(label for label, _ in rows),
        at,
        tuple(gaps),
        theory.growth_line(nodes, at) if random else None,
        nodes,
        runs,
        seed,
    )
