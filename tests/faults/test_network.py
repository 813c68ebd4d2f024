"""Messages between places: under way for as long as the law says, lost as often, and cut where the plan cuts."""

import math
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from lbcore.faults import (
    Clock,
    Cut,
    ExponentialDelay,
    FaultPlan,
    LognormalDelay,
    Network,
    RealClock,
    UniformDelay,
    VirtualClock,
)

NAN, INF = math.nan, math.inf
MAKERS: dict[str, Callable[[], Clock]] = {"real": RealClock, "virtual": lambda: VirtualClock(1)}


@pytest.fixture(params=MAKERS)
def clock(request: pytest.FixtureRequest) -> Clock:
    return MAKERS[request.param]()


def fates(sends: list[tuple[str, str]], *, clock: Clock | None = None, **given: Any) -> dict[tuple[str, str], list]:
    """The delay of each message, link by link, or None where it was lost."""
    clock = clock or VirtualClock(1)
    network = Network(clock, **given)
    found: dict[tuple[str, str], list] = {}

    def main() -> None:
        for sender, receiver in sends:
            before_s = clock.now()
            arrives_s = network.send(sender, receiver, lambda: None)
            late_s = None if arrives_s is None else round(arrives_s - before_s, 9)
            found.setdefault((sender, receiver), []).append(late_s)

    clock.run(main)
    return found


def test_a_message_arrives_after_its_delay(clock: Clock) -> None:
    network, heard = Network(clock, delay=0.03), []

    def main() -> float | None:
        arrives_s = network.send("a", "b", lambda *args: heard.append((clock.now(), args)), "hello", 2)
        while not heard:
            clock.sleep(0.01)
        return arrives_s

    arrives_s = clock.run(main)
    assert arrives_s is not None and [args for _, args in heard] == [("hello", 2)]
    assert heard[0][0] >= arrives_s >= 0.03


def test_what_is_lost_is_never_delivered(clock: Clock) -> None:
    network, heard = Network(clock, loss=0.5, seed=3), []

    def main() -> int:
        arrived = sum(network.send("a", "b", heard.append, number) is not None for number in range(200))
        while len(heard) < arrived:
            clock.sleep(0.01)
        clock.sleep(0.1)
        return arrived

    assert clock.run(main) == len(heard)
    assert 60 < len(heard) < 140  # 100 +- 7


def test_no_delay_still_is_a_callback() -> None:
    """Whoever sends goes on first: it may hold a lock that the receiver takes."""
    clock, order = VirtualClock(1), []
    network = Network(clock)

    def main() -> None:
        assert network.send("a", "b", order.append, "heard") == 0.0
        order.append("sent")
        clock.sleep(0.0)

    clock.run(main)
    assert order == ["sent", "heard"]


def test_a_cut_holds_for_what_is_sent_while_it_lasts_and_one_way() -> None:
    clock = VirtualClock(1)
    network = Network(clock, delay=1.0, plan=FaultPlan(Cut("a", "b", at_s=1.0, for_s=2.0)))
    heard: list[tuple[str, float]] = []

    def main() -> None:
        for _ in range(8):
            for sender, receiver in ("ab", "ba"):
                network.send(sender, receiver, lambda *args: heard.append(args), sender, clock.now())
            clock.sleep(0.5)
        clock.sleep(2.0)

    clock.run(main)
    assert sorted(at_s for sender, at_s in heard if sender == "b") == [0.5 * beat for beat in range(8)]
    # What was under way when the cut began arrives all the same.
    assert sorted(at_s for sender, at_s in heard if sender == "a") == [0.0, 0.5, 3.0, 3.5]


def test_messages_may_overtake_each_other() -> None:
    clock, heard = VirtualClock(1), []
    network = Network(clock, delay=UniformDelay(0.0, 10.0), seed=1)

    def main() -> None:
        for number in range(50):
            network.send("a", "b", heard.append, number)
        clock.sleep(20.0)

    clock.run(main)
    assert sorted(heard) == list(range(50)) != heard


# Draws


def test_same_seed_same_fate_on_any_clock() -> None:
    sends, given = [("a", "m"), ("b", "m")] * 100, {"delay": ExponentialDelay(0.001), "loss": 0.2, "seed": 5}
    first = fates(sends, **given)
    assert all(fates(sends, **given) == first for _ in range(99))
    assert fates(sends, **{**given, "seed": 6}) != first
    real = fates(sends, clock=RealClock(), **given)
    for link, row in first.items():
        assert [late_s is None for late_s in row] == [late_s is None for late_s in real[link]]
    assert first["a", "m"] != first["b", "m"]


def test_no_message_shifts_anothers_fate() -> None:
    """A link's draws are its own, whoever else sends, and whether or not one of its messages meets a cut."""
    given = {"delay": ExponentialDelay(1.0), "loss": 0.2, "seed": 5}
    alone, crowd = fates([("a", "m")] * 200, **given), fates([("a", "m"), ("b", "m"), ("m", "a")] * 200, **given)
    assert crowd["a", "m"] == alone["a", "m"]
    clock = VirtualClock(1)
    network, after = Network(clock, plan=FaultPlan(Cut("a", "m", 0.0, 1.0)), **given), []

    def main() -> None:
        for number in range(200):
            if number == 100:
                clock.sleep(1.0)
            arrives_s = network.send("a", "m", lambda: None)
            after.append(None if arrives_s is None else round(arrives_s - clock.now(), 9))

    clock.run(main)
    assert after[:100] == [None] * 100 and after[100:] == alone["a", "m"][100:]


def test_what_is_lost_is_lost_at_any_higher_loss() -> None:
    rows = [fates([("a", "m")] * 500, loss=loss, seed=2)["a", "m"] for loss in (0.0, 0.1, 0.4, 1.0)]
    lost = [{number for number, late_s in enumerate(row) if late_s is None} for row in rows]
    assert lost[0] == set() and lost[3] == set(range(500)) and lost[1] < lost[2]
    for found, loss in zip(lost, (0.0, 0.1, 0.4), strict=False):  # four standard deviations of Binomial(500, loss)
        assert abs(len(found) - 500 * loss) <= 4 * math.sqrt(500 * loss * (1 - loss))


@pytest.mark.parametrize("law", [ExponentialDelay(0.2), UniformDelay(0.1, 0.4), LognormalDelay(0.2, 0.1)], ids=repr)
def test_delays_follow_their_law(law: Any) -> None:
    """Kolmogorov and Smirnov: 5,000 delays of the network against the law's own cdf, alarm level 1 in 10,000."""
    late_s = np.sort(np.array(fates([("a", "m")] * 5000, delay=law, seed=1)["a", "m"]))
    expected = np.array([law.cdf(float(x)) for x in late_s])
    gap = max(np.abs(expected - np.arange(5000) / 5000).max(), np.abs(expected - np.arange(1, 5001) / 5000).max())
    assert gap < math.sqrt(math.log(2 / 1e-4) / 2 / 5000)


def test_real_threads_may_share_it() -> None:
    """Eight threads send over one link: every message has a fate of its own, together those of one sender."""
    clock = RealClock()
    network, found = Network(clock, delay=UniformDelay(1.0, 2.0), loss=0.3, seed=9), []

    def node() -> None:
        for _ in range(100):
            before_s = clock.now()
            arrives_s = network.send("a", "m", lambda: None)
            found.append(None if arrives_s is None else arrives_s - before_s)

    def main() -> None:
        for thread in [clock.spawn(node) for _ in range(8)]:
            thread.join()

    clock.run(main)
    alone = fates([("a", "m")] * 800, delay=UniformDelay(1.0, 2.0), loss=0.3, seed=9)["a", "m"]
    assert len(found) == 800 and found.count(None) == alone.count(None)


# Bad input


@pytest.mark.parametrize(
    ("given", "name", "error"),
    [
        ({"delay": -0.1}, "delay", ValueError),
        ({"delay": NAN}, "delay", ValueError),
        ({"delay": INF}, "delay", ValueError),
        ({"delay": "soon"}, "delay", TypeError),
        ({"delay": [0.1]}, "delay", TypeError),
        ({"delay": True}, "delay", TypeError),
        ({"loss": -0.1}, "loss", ValueError),
        ({"loss": 1.1}, "loss", ValueError),
        ({"loss": NAN}, "loss", ValueError),
        ({"plan": "cut"}, "plan", TypeError),
        ({"seed": 1.5}, "seed", TypeError),
    ],
)
def test_bad_parameters(given: dict[str, Any], name: str, error: type[Exception]) -> None:
    with pytest.raises(error, match=f"^{name}: "):
        Network(VirtualClock(1), **given)


def test_no_clock_and_nothing_to_call() -> None:
    with pytest.raises(TypeError, match=r"^clock: "):
        Network(1.0)  # type: ignore[arg-type]
    with pytest.raises(TypeError, match=r"^deliver: "):
        Network(VirtualClock(1)).send("a", "b", "hello")  # type: ignore[arg-type]


def test_a_law_that_draws_nonsense_is_named() -> None:
    class Backwards:
        def cdf(self, delay_s: float) -> float:
            return 1.0

        def draw(self, generator: np.random.Generator, size: int) -> np.ndarray:
            return np.full(size, -1.0)

    clock = VirtualClock(1)
    with pytest.raises(ValueError, match="delay_s"):
        clock.run(Network(clock, delay=Backwards()).send, "a", "b", print)
