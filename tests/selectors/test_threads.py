"""Several threads on one selector: no pick is lost, none is doubled, and a batch lets other threads run."""

import threading
import time
from collections.abc import Callable

import numpy as np
import pytest

from lbcore.selectors.systems import nginx

from .rows import ROWS, Row, keys

THREADS, ROUNDS = 4, 60
keyless = [name for name, row in ROWS.items() if not row.make(1).keyed]


def together(work: Callable[[int], None]) -> None:
    """Runs work(0), work(1), ... on threads of their own that start at once; an exception in one is raised here."""
    errors: list[BaseException] = []
    barrier = threading.Barrier(THREADS)

    def run(number: int) -> None:
        try:
            barrier.wait()
            work(number)
        except BaseException as error:
            errors.append(error)

    threads = [threading.Thread(target=run, args=(i,)) for i in range(THREADS)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    if errors:
        raise errors[0]


@pytest.mark.parametrize("name", keyless)
@pytest.mark.parametrize("down", [[], [2, 3]], ids=["all up", "two down"])
def test_threads_together_get_the_picks_of_one(name: str, down: list[int]) -> None:
    """A keyless selector hands out one sequence. However threads share it, every pick of it is taken exactly once."""
    shared, alone = ROWS[name].make(9), ROWS[name].make(9)
    for node in down:
        shared.mark_down(node)
        alone.mark_down(node)
    taken = [np.zeros(9, np.int64) for _ in range(THREADS)]

    def work(number: int) -> None:
        for i in range(ROUNDS):
            taken[number] += np.bincount(shared.select_many(1_000 + i), minlength=9)
            for _ in range(50):
                taken[number][shared.select()] += 1

    together(work)
    total = THREADS * sum(1_050 + i for i in range(ROUNDS))
    assert sum(taken).tolist() == np.bincount(alone.select_many(total), minlength=9).tolist()


@pytest.mark.parametrize("name", [name for name, row in ROWS.items() if row.make(1).keeps_load])
def test_no_request_in_flight_is_lost(name: str) -> None:
    shared = ROWS[name].make(8)
    requests, one = (keys(500), keys(1)) if shared.keyed else (500, [])

    def work(number: int) -> None:
        for i in range(ROUNDS):
            picks = shared.select_many(requests)
            shared.release(picks[: 400 + i], latency_s=0.1)
            shared.release(picks[400 + i :])
            node = shared.select(*one)
            # A failure would leave the node out where failures are counted.
            shared.release(node, ok=isinstance(shared, nginx.PassiveRoundRobin))

    together(work)
    assert shared.in_flight.tolist() == [0] * 8
    with pytest.raises(ValueError, match="no more requests in flight"):
        shared.release(3)


@pytest.mark.parametrize("row", ROWS.values(), ids=ROWS)
def test_nodes_come_and_go_while_others_pick(row: Row) -> None:
    shared = row.make(8)
    requests = keys(2_000) if shared.keyed else 2_000

    def work(number: int) -> None:
        for i in range(ROUNDS):
            if number == 0:
                shared.mark_down(i % 5)
                shared.mark_up(i % 5)
            elif number == 1:
                shared.add(f"extra-{i}")
                shared.remove(f"extra-{i}")
            elif number == 2:
                copy = shared.copy()
                assert copy.select_many(requests).min() >= 0
                repr(shared), shared.up, shared.weights, shared.nodes
            else:
                picks = shared.select_many(requests)
                assert picks.min() >= 0 and picks.max() <= 8

    together(work)
    assert shared.nodes == tuple(f"node-{i}" for i in range(8)) and shared.up.all()


# Where Python hashes the keys, that is nearly all of a batch, and holds the GIL; the rest is the base's own loop.
hashed_in_c = [name for name, row in ROWS.items() if "key_hash" not in row.make(1).__getstate__()]  # type: ignore[attr-defined]


@pytest.mark.parametrize("name", hashed_in_c)
def test_a_batch_releases_the_gil(name: str) -> None:
    """While a thread is inside a batch, this one sees it: the first place filled, and the last one not yet."""
    selector = ROWS[name].make(10)
    began = time.perf_counter()
    selector.select_many(np.arange(5_000) if selector.keyed else 5_000)
    m = int(min(max(0.05 * 5_000 / (time.perf_counter() - began), 50_000), 10_000_000))
    requests = np.arange(m) if selector.keyed else m
    out = np.empty(m, np.int32)
    for _ in range(50):  # the machine may have others to run
        out[0] = out[-1] = -7
        thread = threading.Thread(target=selector.select_many, args=(requests,), kwargs={"out": out})
        thread.start()
        seen = False
        while thread.is_alive() and not seen:
            seen = out[0] != -7 and out[-1] == -7
        thread.join()
        if seen:
            return
    pytest.fail("the batch was never seen half done")
