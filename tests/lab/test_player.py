"""The traffic player without a browser: what goes to the front end, the words, and that it never raises."""

import numpy as np
import pytest

from lbcore import HashSlots, JumpHash, LeastConnections, Random, RoundRobin
from lbcore.lab.frame.still import figure
from lbcore.lab.player.play import BUTTONS, MOST_NODES, SPEEDS, Player, play, race
from lbcore.lab.player.race import MOST_RACERS, Race
from lbcore.lab.player.trace import Trace
from lbcore.lab.player.traffic import traffic
from lbcore.lab.player.words import sentence


def test_the_trace_goes_out_whole_and_exact():
    trace = traffic(HashSlots(3), keys=[f"k{i % 20}" for i in range(200)], down=[1], speeds=[1, 2, 0.3])
    sent = Player(trace)._traces[0]
    for name, kind in (("arrival_s", "<f8"), ("start_s", "<f8"), ("end_s", "<f8"), ("node", "<i4"), ("group", "<i4")):
        assert np.array_equal(np.frombuffer(sent[name], kind), getattr(trace, name)), name
    assert sent["nodes"] == ["node-0", "node-1", "node-2"]
    assert sent["events"] == [[0.0, 1, False]]
    assert sent["speeds"] == [1, 2, 0.3]
    assert sent["ok"] is None and sent["origin"] is None and sent["noticed"] is None


def test_moves_and_what_was_noticed_go_out_too():
    trace = Trace(("a", "b"), [1, 3], [0, 1], [2, 3], [2, 4], travel_s=0.5, origin=[-1, 0], noticed=[(2, 0, False)])
    sent = Player(trace)._traces[0]
    assert np.frombuffer(sent["origin"], "<i4").tolist() == [-1, 0]
    assert sent["noticed"] == [[2.0, 0, False]]
    failed = Player(Trace(("a",), [1, 3], [0, 0], [1, 3], [2, 4], ok=[True, False]))._traces[0]
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
    assert again._traces == player._traces
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


def test_a_race_is_the_same_requests_with_each():
    player = race(RoundRobin(4), LeastConnections(4), requests=200, seed=3)
    one, other = player.trace.traces
    assert one.sent_s.tolist() == other.sent_s.tolist() and len(set(np.diff(one.sent_s))) > 100
    assert (one.name, other.name) == ("RoundRobin", "LeastConnections")
    assert one.late_s == other.late_s
    # The one that looks at the queues makes fewer wait: by hand, late are those who took longer than late_s.
    late = [sum(trace.end_s - trace.sent_s > trace.late_s) for trace in (one, other)]
    assert [len(one.turned_late_s), len(other.turned_late_s)] == late and late[1] < late[0]
    assert f"RoundRobin sent 200 requests to 4 nodes in {one.duration_s:.1f} s: 50, 50, 50, 50." in repr(player)
    assert f"{late[0]} were late" in repr(player)
    at = player.text_at(5.0)
    assert at.startswith("5.0 s. RoundRobin: ") and " LeastConnections: " in at and " late (not done after " in at
    assert player.reproduce == "race(RoundRobin(4), LeastConnections(4), requests=200, seed=3)"
    titles = [ax.get_title(loc="left") for ax in figure(player.trace).axes]
    assert titles == ["RoundRobin", "LeastConnections"]
    assert len({ax.get_xlim() for ax in figure(player.trace).axes}) == 1


def test_two_of_one_class_are_told_apart():
    old, new = LeastConnections(4, stale_s=2.0), LeastConnections(4)
    names = [trace.name for trace in race(new, old).trace.traces]
    assert names == ["LeastConnections(4)", "LeastConnections(4, stale_s=2.0)"]
    assert [t.name for t in race(Odd(), Odd(), nodes=2).trace.traces] == ["Odd 1", "Odd 2"]


def test_a_race_that_cannot_be_is_a_sentence():
    for selectors, how in (
        ((), {}),
        ((RoundRobin(2),) * (MOST_RACERS + 1), {}),
        ((RoundRobin(2), RoundRobin(3)), {}),
        ((RoundRobin(2), HashSlots(2)), {"keys": ["a"]}),
        ((RoundRobin(2),), {"late_s": -1}),
    ):
        player = race(*selectors, **how)
        assert player.trace is None and player.message.startswith("This traffic cannot be played: ")
    with pytest.raises(ValueError, match="different times"):
        Race((traffic(RoundRobin(2)), traffic(RoundRobin(2), 5)))


def test_a_button_changes_the_nodes_from_the_moment_shown():
    player = play(JumpHash(4), keys=[f"k{i % 40}" for i in range(200)], buttons=["add", "remove"])
    assert player.buttons == list(BUTTONS.values())
    before = player.trace
    player._heard(player, {"button": 0, "time_s": 5.0}, [])
    after = player.trace
    picked = before.picked_s < 5.0
    assert after.nodes == (*before.nodes, "node-4")
    assert after.node[picked].tolist() == before.node[picked].tolist()
    assert after.node[~picked].tolist() == JumpHash(5).select_many([f"k{i % 40}" for i in range(200)])[~picked].tolist()
    moved = sum(JumpHash(4).select(f"k{i}") != JumpHash(5).select(f"k{i}") for i in range(40))
    assert f"node-4 was added at 5.0 s: {moved} of 40 keys moved." in repr(player)
    assert "node-4 is not there" in player.text_at(4.0) and "not there" not in player.text_at(5.0)
    player.press("remove", 9.0)
    assert "node-4 is not there" in player.text_at(9.0) and "not there" not in player.text_at(8.9)
    assert "changes=[[5.0, 'add'], [9.0, 'remove']]" in player.reproduce.replace('"', "'")
    player.press("remove", 6.0)  # what came later is forgotten
    assert [(event.time_s, event.up) for event in player.trace.members] == [(5.0, True), (6.0, False)]


def test_a_button_that_cannot_says_why_and_changes_nothing():
    player = play(RoundRobin(1), requests=20, buttons=["remove"])
    shown = player.trace
    player.press("remove", 0.9)
    assert player.trace is shown and player.note == "changes: the last node cannot be removed."
    odd = play(Odd(), nodes=2, requests=20, buttons=["add"])
    odd.press("add", 1.0)
    assert "has no add()" in odd.note and odd.trace is not None
    assert play(RoundRobin(2), buttons=["explode"]).message.startswith("This traffic cannot be played: buttons")
    assert play(RoundRobin(2), changes=[(1, "swap")]).message.startswith("This traffic cannot be played: changes")
