"""Starts a real server on loopback for as long as a test needs it."""

import os
import random
import shutil
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import pytest

EXPLORE = os.environ.get("LBCORE_EXPLORE") == "1"
TIMES = 20 if EXPLORE else 1  # longer runs of the servers, so that their starts cost little
START_S, LIMIT_S = 60, 280


def program(name: str, install: str) -> str:
    """Where a program is, or a skip that says how to get it."""
    beside = Path(sys.executable).parent / name  # a wheel's programs, where the environment is not activated
    found = shutil.which(name) or shutil.which(name, path="/usr/sbin:/sbin") or (str(beside) if beside.exists() else "")
    if not found:
        pytest.skip(f"needs {name}: {install}")
    return found


def free_ports(n: int) -> list[int]:
    """Ports that nobody listens on now.

    They are none that the system hands out by itself, and each process of the tests has its own: HAProxy shares a port
    with another HAProxy without a word, and then either gets a part of the requests.
    """
    worker = int(os.environ.get("PYTEST_XDIST_WORKER", "gw0").removeprefix("gw")) % 8
    own, free = random.sample(range(16_000 + 2_000 * worker, 18_000 + 2_000 * worker), 2_000), list[int]()
    while len(free) < n:
        with socket.socket() as probe, suppress(OSError):
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)  # connections that have ended are no hindrance
            probe.bind(("127.0.0.1", own[-1]))
            free.append(own[-1])
        own.pop()
    return free


@contextmanager
def running(command: list[str], ports: list[int], folder: Path) -> Iterator[None]:
    """The server listens on its ports inside the block, and is gone behind it."""
    log = folder / "log"
    with log.open("wb") as out:
        process = subprocess.Popen(
            command, stdin=subprocess.DEVNULL, stdout=out, stderr=subprocess.STDOUT, cwd=folder, env=dict(os.environ)
        )
    try:
        deadline = time.monotonic() + START_S
        for port in ports:
            while True:
                if process.poll() is not None or time.monotonic() > deadline:
                    raise RuntimeError(f"{command[0]} does not listen on {port}:\n{log.read_text()[-3000:]}")
                try:
                    socket.create_connection(("127.0.0.1", port), 1).close()
                    break
                except OSError:
                    time.sleep(0.05)
        yield
    finally:
        process.terminate()
        try:
            process.wait(5)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def numbers() -> random.Random:
    """The same weights, keys and scripts in each run; others with LBCORE_LIVE_SEED, or with LBCORE_EXPLORE=1.

    A failure says which they were, and LBCORE_LIVE_SEED brings them back.
    """
    drawn = random.SystemRandom().randrange(2**32) if EXPLORE else 1
    seed = int(os.environ.get("LBCORE_LIVE_SEED") or drawn)
    print(f"LBCORE_LIVE_SEED={seed}")
    return random.Random(seed)
