"""The traffic player without a browser: what goes to the front end, the words, and that it never raises."""

import numpy as np
import pytest

from lbcore import HashSlots, Random, RoundRobin
from lbcore.lab.player.play import MOST_NODES, SPEEDS, Player, play
from lbcore.lab.player.trace import Trace
from lbcore.lab.player.traffic import traffic
from lbcore.lab.player.words import sentence


def test_the_trace_goes_out_whole_and_exact():
    trace = traffic(HashSlots(3), keys=[f"k{i % 20}" for i in range(200)], down=[1], speeds=[1, 2, 0.3])
    sent = Player(trace)._trace
    for name, kind in (("arrival_s", "<f8"), ("start_s", "<f8"), ("end_s", "<f8"), ("node", "<i4"), ("group", "<i4")):
        assert np.array_equal(np.frombuffer(sent[name], kind), getattr(trace, name)), name
    assert sent["nodes"] == ["node-0", "node-1", "node-2"]
    assert sent["events"] == [[0.0, 1, False]]
    assert sent["speeds"] == [1, 2, 0.3]
    assert sent["ok"] is None and sent["origin"] is None and sent["noticed"] is None


def test_moves_and_what_was_noticed_go_out_too():
    trace = Trace(("a", "b"), [1, 3], [0, 1], [2, 3], [2, 4], travel_s=0.5, origin=[-1, 0], noticed=[(2, 0, False)])
    sent = Player(trace)._trace
    assert np.frombuffer(sent["origin"], "<i4").tolist() == [-1, 0]
    assert sent["noticed"] == [[2.0, 0, False]]
    failed = Player(Trace(("a",), [1, 3], [0, 0], [1, 3], [2, 4], ok=[True, False]))._trace
    assert np.frombuffer(failed["ok"], "u1").tolist() == [1, 0]


def test_it_says_the_words_of_the_trace():
    trace = traffic(RoundRobin(3), speeds=[1, 1, 0.5])
    player = play(trace)
    for t in np.linspace(0, trace.duration_s, 40):
        assert player.text_at(t) == sentence(trace, t)
    assert player.text_at(4.2) == (
        "4.2 s: 43 of 120 requests have been sent, 8 are on the way; node-2 has 3 waiting; shares 12, 12, 11."
    )


def test_its_text_is_short_and_stable():
    player = play(RoundRobin(3))
    words = "RoundRobin sent 120 requests to 3 nodes in 13.0 s: 40, 40, 40. None had to wait."
    assert repr(player) == words
    assert player._repr_mimebundle_()[0]["text/plain"] == words


def test_it_gives_the_line_that_plays_the_same():
    player = play(Random(3, seed=1), requests=50, speeds=[1, 1, 0.5])
    assert player.reproduce == "play(Random(3, seed=1), requests=50, speeds=[1, 1, 0.5])"
    again = eval(player.reproduce, {"play": play, "Random": Random})
    assert again._trace == player._trace
    assert play(Odd(), nodes=2, requests=4).reproduce == "play(Odd(...), nodes=2, requests=4)"
    assert play(RoundRobin(2), rate_per_s=Ten(10)).reproduce == "" and play(RoundRobin(2), rate_per_s=Ten(10)).trace
    keys = [f"key-{i}" for i in range(90)]
    assert play(HashSlots(3), keys=keys).reproduce == "play(HashSlots(3, slots=16384), keys=keys)"


def test_it_is_the_widget_of_that_name():
    assert play(RoundRobin, nodes=4, requests=40).text_at(99).endswith("shares 10, 10, 10, 10.")


class Stub:
    def __init__(self, n):
        self.n = n

    def select(self):
        node = ...
        return node


class Odd:
    def select(self):
        return 1


class Ten(float):
    """A number that no code can be written for."""

    def __repr__(self):
        return "<ten>"


class Broken(Stub):
    def select(self):
        raise RuntimeError


class Uncopied(Stub):
    def __init__(self, n):
        self.turns = iter(lambda: 0, 1)
        self.later = (i for i in range(n))


@pytest.mark.parametrize(
    ("what", "how"),
    [
        (None, {}),
        (3, {}),
        (object(), {}),
        (Stub(3), {}),
        (Stub, {"nodes": 3}),
        (Broken(3), {}),
        (Uncopied(3), {}),
        (RoundRobin(3), {"requests": -1}),
        (RoundRobin(3), {"rate_per_s": 0}),
        (RoundRobin(3), {"nonsense": 1}),
        (RoundRobin(3), {"speed": 3}),
        (RoundRobin(3), {"speed": "fast"}),
        (HashSlots(3), {}),
        (HashSlots(3), {"keys": []}),
        (HashSlots(3), {"keys": [1.5, 2.5]}),
        (RoundRobin(MOST_NODES + 1), {}),
        (RoundRobin, {"nodes": 0}),
        (traffic(RoundRobin(2)), {"requests": 5}),
    ],
)
def test_it_never_raises_but_says_why(what, how):
    player = play(what, **how)
    assert player.trace is None
    assert player.message.startswith("This traffic cannot be played: ")
    assert player.message.endswith((".", "!", "?"))
    assert len(player.message) > len("This traffic cannot be played: .")
    assert "0x" not in player.message
    assert repr(player) == player.message == player.text_at(1.0)


def test_a_player_made_by_hand_checks_its_arguments():
    with pytest.raises(TypeError, match="trace"):
        Player(RoundRobin(3))
    with pytest.raises(ValueError, match="speed"):
        Player(traffic(RoundRobin(3)), speed=5)
    assert Player(traffic(RoundRobin(3)), speed=SPEEDS[-1], autoplay=False).speed == 8
    for made in (
        play(traffic(RoundRobin(3)), speed=2.0, autoplay=False),
        play(RoundRobin(3), speed=2.0, autoplay=False),
    ):
        assert (made.speed, made.autoplay) == (2.0, False)
    assert repr(Player(None)) == "There is no traffic to play."
    assert len(play(RoundRobin(MOST_NODES)).trace.nodes) == MOST_NODES
    empty = Trace(("a",), [], np.array([], int), [], [])
    assert Player(empty).text_at(0) == "0.000 s: 0 of 0 requests have been sent; share 0."
