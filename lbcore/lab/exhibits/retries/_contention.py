"""A crowd at one row: clients that read it, write it, and start again if another was faster.

The model of the AWS article on jitter: each client wants to write one row once, under optimistic concurrency. It reads
the row's version, sends its write, and the database refuses if the version has moved on; then the client waits by its
rule and reads again. Without jitter the clients that collided collide again.

Source: Brooker, 'Exponential backoff and jitter' (2015), and the simulator published with it.
"""

import heapq
from dataclasses import dataclass

import numpy as np

from lbcore.faults import Wait
from lbcore.faults._checks import Seed, count, seconds, seed_bits, stream

__all__ = ["Contention", "contention"]


@dataclass(frozen=True, slots=True)
class Contention:
    """How a crowd fared. time_s: until the last client had written, in seconds; calls: writes sent, refused ones too.

    calls_s: when each write reached the database, in seconds, in order.
    """

    time_s: float
    calls: int
    calls_s: tuple[float, ...]


class _Hops:
    """Delays of one hop, |Normal(mean, sd)|, drawn a thousand at a time."""

    __slots__ = ("_block", "_generator", "_mean_s", "_sd_s")

    def __init__(self, mean_s: float, sd_s: float, bits: int):
        self._mean_s, self._sd_s = mean_s, sd_s
        self._generator = np.random.default_rng(bits)
        self._block: list[float] = []

    def __call__(self) -> float:
        if not self._block:
            self._block = np.abs(self._generator.normal(self._mean_s, self._sd_s, 1000)).tolist()
        return self._block.pop()


def contention(
    clients: int, wait: Wait, *, hop_s: float = 0.010, hop_sd_s: float = 0.002, seed: Seed = None
) -> Contention:
    """Let `clients` clients race to write one row, each pausing by the rule `wait` after each refusal.

    hop_s, hop_sd_s: each message to and from the database takes |Normal(hop_s, hop_sd_s)| seconds. The first retry of
    a client is number 1. seed: an int, a numpy Generator, or None.

    >>> from lbcore.faults import FixedWait, FullJitter
    >>> contention(1, FixedWait(), seed=1).calls
    1
    >>> naive = contention(20, FixedWait(), seed=1)
    >>> jitter = contention(20, FullJitter(base_s=0.005, cap_s=2.0), seed=1)
    >>> jitter.calls < naive.calls
    True
    """
    clients = count("clients", clients)
    bits = seed_bits(seed)
    hop = _Hops(seconds("hop_s", hop_s, zero=False), seconds("hop_sd_s", hop_sd_s), bits)
    draws = [stream(bits, client) for client in range(clients)]
    retries, waits_s = [0] * clients, [0.0] * clients
    version, time_s = 0, 0.0
    calls_s: list[float] = []
    # What reaches the database: (when, client, the version a write builds on, or -1 for a read).
    arriving = [(hop(), client, -1) for client in range(clients)]
    heapq.heapify(arriving)
    while arriving:
        now_s, client, basis = heapq.heappop(arriving)
        if basis < 0:
            heapq.heappush(arriving, (now_s + hop() + hop(), client, version))
            continue
        calls_s.append(now_s)
        answer_s = now_s + hop()
        time_s = max(time_s, answer_s)
        if basis == version:
            version += 1
            continue
        retries[client] += 1
        waits_s[client] = wait.wait_s(retries[client], waits_s[client], draws[client])
        heapq.heappush(arriving, (answer_s + waits_s[client] + hop(), client, -1))
    return Contention(time_s, len(calls_s), tuple(calls_s))
