"""The network between nodes, simulated: a message is under way for a while, may be lost, and may meet a cut link.

Whoever sends goes on at once; what arrives is a timed callback of the clock. Messages may overtake each other, as
datagrams do.
"""

import hashlib
import threading
from collections.abc import Callable

import numpy as np

from lbcore.faults._checks import Seed, function_of, real, seconds, seed_bits
from lbcore.faults.clocks import Clock
from lbcore.faults.delays import ConstantDelay, Delay
from lbcore.faults.plan import FaultPlan

__all__ = ["Network"]

#: So many messages of a link have their fate drawn at a time.
BLOCK = 64


class Network:
    """Carries messages between named places: delayed, lost or cut as told.

    delay: a law such as `ExponentialDelay`, a number of seconds, or None for no delay. loss: the chance that a
    message is lost. plan: its `Cut`s hold for what is sent while they last. seed: an int, a numpy Generator, or None.

    Each link, from one place to another, has draws of its own: its 5th message fares the same on any clock, whatever
    else is sent, and a message that is lost at some `loss` is lost at any higher one. Real threads may share it.

    >>> from lbcore.faults import VirtualClock
    >>> clock, heard = VirtualClock(seed=1), []
    >>> network = Network(clock, delay=0.25)
    >>> def main():
    ...     arrives_s = network.send("a", "b", heard.append, "hello")
    ...     clock.sleep(1.0)
    ...     return arrives_s
    >>> clock.run(main), heard
    (0.25, ['hello'])
    """

    def __init__(
        self,
        clock: Clock,
        *,
        delay: Delay | float | None = None,
        loss: float = 0.0,
        plan: FaultPlan | None = None,
        seed: Seed = None,
    ):
        if not isinstance(clock, Clock):
            raise TypeError(f"clock: expected a clock, got {clock!r}")
        if plan is not None and not isinstance(plan, FaultPlan):
            raise TypeError(f"plan: expected a FaultPlan, got {plan!r}")
        self.clock, self.plan = clock, plan
        self.delay = _law(delay)
        self.loss = real("loss", loss, 0.0, 1.0)
        self._bits = seed_bits(seed)
        self._always_s = self.delay.delay_s if isinstance(self.delay, ConstantDelay) and self.loss == 0.0 else None
        # Held for a moment only, and never across a call of the clock's.
        self._guard = threading.Lock()
        self._links: dict[tuple[str, str], _Link] = {}

    def send(self, sender: str, receiver: str, deliver: Callable[..., object], /, *args: object) -> float | None:
        """Have `deliver(*args)` called as a timed callback when the message arrives: the time of that, or None if lost.

        sender, receiver: any names; `plan` may know them. Belongs inside the clock's `run`.
        """
        function_of("deliver", deliver)
        now_s = self.clock.now()
        if (delay_s := self._always_s) is None:
            with self._guard:
                link = self._links.get((sender, receiver))
                if link is None:
                    link = self._links[sender, receiver] = _Link(self._bits, sender, receiver)
                delay_s, chance = link.next(self.delay)
            if chance < self.loss:
                return None
        if self.plan is not None and not self.plan.passes(sender, receiver, now_s):
            return None
        self.clock.call_later(delay_s, deliver, *args)
        return now_s + delay_s


def _law(delay: Delay | float | None) -> Delay:
    if delay is None or isinstance(delay, (int, float, str)):
        return ConstantDelay(seconds("delay", 0.0 if delay is None else delay))
    if not callable(getattr(delay, "draw", None)):
        raise TypeError(f"delay: expected a law of delays or a number of seconds, got {delay!r}")
    return delay


class _Link:
    """The draws of one link. Every message takes one delay and one chance, lost or not: no message shifts another's."""

    __slots__ = ("_chances", "_delays_s", "_generator")

    def __init__(self, bits: int, sender: str, receiver: str):
        name = hashlib.blake2b(f"{sender}\0{receiver}".encode(), digest_size=8).digest()
        self._generator = np.random.default_rng([bits, int.from_bytes(name, "little")])
        self._delays_s: list[float] = []
        self._chances: list[float] = []

    def next(self, delay: Delay) -> tuple[float, float]:
        if not self._chances:
            self._chances = self._generator.random(BLOCK).tolist()
            self._delays_s = delay.draw(self._generator, BLOCK).tolist()
        return self._delays_s.pop(), self._chances.pop()
