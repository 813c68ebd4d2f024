"""PEP 3148 on both clocks: executors, their futures, and waiting for several."""

import concurrent.futures
import threading
from typing import Any

import pytest

from lbcore.faults import Clock

MS = 0.001


def test_submit_map_and_exceptions(clock: Clock) -> None:
    def slow_square(x: int, *, plus: int = 0) -> int:
        clock.sleep((5 - x) * 4 * MS)
        return x * x + plus

    def main() -> None:
        with clock.executor(3) as pool:
            assert isinstance(pool, concurrent.futures.Executor)
            future = pool.submit(slow_square, 3, plus=1)
            failing = pool.submit(lambda: 1 // 0)
            assert list(pool.map(slow_square, range(5))) == [0, 1, 4, 9, 16]
            assert list(pool.map(max, [1, 5], [4, 2])) == [4, 5]
            assert (future.result(), future.exception(), future.done()) == (10, None, True)
            with pytest.raises(ZeroDivisionError):
                failing.result()
            assert isinstance(failing.exception(), ZeroDivisionError)
            with pytest.raises(TimeoutError):
                pool.submit(clock.sleep, 40 * MS).result(timeout=5 * MS)
            with pytest.raises(TimeoutError):
                list(pool.map(clock.sleep, [MS, 60 * MS], timeout=20 * MS))
        with pytest.raises(RuntimeError, match="shutdown"):
            pool.submit(print)

    clock.run(main)


def test_no_more_than_max_workers_run(clock: Clock) -> None:
    running, most, names = 0, 0, set()
    lock = clock.lock()

    def work() -> None:
        nonlocal running, most
        with lock:
            running += 1
            most = max(most, running)
            names.add(threading.current_thread().name)
        clock.sleep(5 * MS)
        with lock:
            running -= 1

    def main() -> None:
        with clock.executor(3, name="node") as pool:
            for future in [pool.submit(work) for _ in range(9)]:
                future.result()

    clock.run(main)
    assert most == 3
    assert names == {"node-1", "node-2", "node-3"}


def test_cancel(clock: Clock) -> None:
    called: list[object] = []

    def main() -> None:
        with clock.executor(1) as pool:
            running = pool.submit(clock.sleep, 30 * MS)
            queued = pool.submit(called.append, "queued")
            queued.add_done_callback(lambda future: called.append(future.cancelled()))
            clock.sleep(10 * MS)
            assert running.running() and not running.cancel()
            assert queued.cancel() and queued.cancelled()
            with pytest.raises(concurrent.futures.CancelledError):
                queued.result()
        assert running.result() is None

    clock.run(main)
    assert called == [True]


def test_shutdown(clock: Clock) -> None:
    done: list[int] = []

    def work(number: int) -> None:
        clock.sleep(20 * MS)
        done.append(number)

    def main() -> None:
        pool = clock.executor(1)
        futures = [pool.submit(work, i) for i in range(3)]
        clock.sleep(5 * MS)
        pool.shutdown(wait=False, cancel_futures=True)
        assert [future.cancelled() for future in futures] == [False, True, True]
        assert done == []
        pool.shutdown(wait=True)
        assert done == [0]
        pool = clock.executor(1)
        for i in (3, 4):
            pool.submit(work, i)
        pool.shutdown()
        assert done == [0, 3, 4]
        clock.executor(2).shutdown()

    clock.run(main)


def test_wait(clock: Clock) -> None:
    def fails_after(seconds: float) -> None:
        clock.sleep(seconds)
        raise KeyError

    def main() -> None:
        with clock.executor(4) as pool:
            short, middle, long = [pool.submit(clock.sleep, s * MS) for s in (20, 60, 100)]
            ended = clock.wait([long, short, middle], return_when="FIRST_COMPLETED")
            assert (ended.done, ended.not_done) == ({short}, {middle, long})
            assert clock.wait([short, long], return_when=concurrent.futures.FIRST_COMPLETED).done == {short}
            assert clock.wait([short, long], 5 * MS) == ({short}, {long})
            failing = pool.submit(fails_after, 10 * MS)
            assert clock.wait([long, failing], 5.0, "FIRST_EXCEPTION") == ({failing}, {long})
            assert clock.wait([failing, long], 5.0, "FIRST_EXCEPTION") == ({failing}, {long})
            assert clock.wait([short, long], 5.0, "FIRST_EXCEPTION") == ({short, long}, set())
            assert clock.wait([short, middle, long, long]).done == {short, middle, long}
            assert clock.wait([]) == (set(), set())

    clock.run(main)


def test_an_executor_ends_with_its_run(clock: Clock) -> None:
    pool = clock.executor(2)
    futures: list[Any] = []

    def main() -> None:
        futures.append(pool.submit(clock.sleep, 1000.0))
        clock.sleep(5 * MS)

    clock.run(main)
    with pytest.raises(concurrent.futures.CancelledError, match="run ended"):
        futures[0].result()
    with pytest.raises(RuntimeError, match="shutdown"):
        clock.run(lambda: pool.submit(print))


def test_so_does_one_whose_workers_had_not_begun(clock: Clock) -> None:
    pool = clock.executor(1)
    clock.run(lambda: pool.submit(print, end=""))
    with pytest.raises(RuntimeError, match="shutdown"):
        clock.run(lambda: pool.submit(print, end="").result())


def test_the_standard_wait_says_so_and_does_not_hang(clock: Clock) -> None:
    def main() -> None:
        with clock.executor(1) as pool:
            future = pool.submit(clock.sleep, 20 * MS)
            for call in (concurrent.futures.wait, lambda fs: list(concurrent.futures.as_completed(fs))):
                with pytest.raises(RuntimeError, match=r"clock\.wait"):
                    call([future])
            future.result()
            assert concurrent.futures.wait([future]).done == {future}

    clock.run(main)
