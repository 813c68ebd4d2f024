"""Keys that move, keys asked for most, keys on which clients agree, and keys from a file: against closed forms."""

from collections import Counter

import numpy as np
import pytest
from driven.keys import LOG, MyHash, MyKeys, all_down
from matplotlib.figure import Figure

from lbcore import HashSlots, ModuloHash, RoundRobin, moved, presets
from lbcore.lab import agreement, count_keys, hot_keys, moves, read_keys, slider
from lbcore.lab.exhibits.keys import count_keys as counting
from lbcore.lab.exhibits.keys.moves import kept_share
from lbcore.lab.frame.inputs import uniform_bits, zipf_ranks
from lbcore.lab.frame.words import Guess


def test_the_lines_that_the_lessons_show():
    panel = hot_keys(ModuloHash, nodes=10, exponent=slider(0.0, 2.0, start=1.0, step=0.1))
    assert panel.code == "hot_keys(ModuloHash, nodes=10, exponent=1.0)"
    assert panel.controls["exponent"].label == "Zipf exponent"
    assert moves(ModuloHash, nodes=10, after=slider(2, 20, start=11)).code == "moves(ModuloHash, nodes=10, after=11)"


def test_a_prediction_is_scored():
    percent = Guess(10.0, "%")
    for result, said, scored in (
        (hot_keys(RoundRobin(4), 1_000), Guess(200, ""), "You said 200: off by 50."),
        (hot_keys(RoundRobin(4), 1_000), percent, "You said 10 %: off by 15.0."),
        (agreement([ModuloHash(5), ModuloHash(5)]), percent, "You said 10 %: off by 90.0."),
        (moves(ModuloHash(2), 2), percent, "You said 10 %: off by 10.0."),
        (count_keys(RoundRobin(4), LOG, "path"), Guess(100, ""), "You said 100: off by 21."),
    ):
        assert result.sentence(said).endswith(scored)


# What moves


@pytest.mark.parametrize(
    ("before", "after", "share"),
    [(10, 11, 10 / 11), (10, 9, 9 / 10), (2, 1, 1 / 2), (1, 2, 1 / 2), (4, 4, 0), (4, 8, 1 / 2)],
)
def test_what_hash_mod_n_moves(before, after, share):
    result = moves(ModuloHash(before), after, 20_000)
    row = result.rows[0]
    assert row.theory == pytest.approx(share)
    assert row.moved / 20_000 == pytest.approx(share, abs=0.015)
    assert row.flow.sum() == 20_000 and row.arrived.sum() == row.moved
    assert result == moves(ModuloHash, after, 20_000, nodes=before)


@pytest.mark.parametrize("nodes", [1, 2, 3, 10, 63])
def test_slots_move_only_what_the_new_node_gets(nodes):
    row = moves(HashSlots(nodes), nodes + 1, 20_000).rows[0]
    assert row.theory == pytest.approx((16384 // (nodes + 1)) / 16384)
    assert row.moved / 20_000 == pytest.approx(1 / (nodes + 1), abs=0.015)
    assert row.arrived[:, :-1].sum() == 0
    back = moves(HashSlots(nodes + 1), nodes, 20_000).rows[0]
    assert back.arrived[:-1].sum() == 0 and back.arrived[-1].sum() == back.moved


@pytest.mark.parametrize("after", [11, 40])
def test_the_note_speaks_of_numbers_where_they_stand(after):
    fig = Figure()
    moves(ModuloHash, nodes=10, after=after).draw(fig)
    *numbers, note = [label.get_text() for label in fig.axes[1].texts]
    assert set(numbers) == (set("0123456789") if after == 11 else set())
    assert ("number" in note) == bool(numbers) and "colour" in note


def test_moves_counts_as_moved_does():
    keys = [f"user-{i}" for i in range(3000)]
    before, after = ModuloHash(["a", "b", "c"]), ModuloHash(["c", "a", "b", "d"])
    row = moves(before, after, keys).rows[0]
    assert row.moved == moved(before, after, keys) == row.arrived.sum()
    assert row.theory == pytest.approx(row.moved / 3000, abs=0.03)


def test_kept_share_in_the_middle_and_by_name():
    names = tuple("abcde")
    assert kept_share(names, ("a", "b", "d", "e")) == pytest.approx(1 / 5)
    assert kept_share(names, names[::-1]) == pytest.approx(1 / 5)
    assert kept_share(names, ("x", "y")) == 0


# Keys asked for most


def test_the_hottest_key_has_its_share_and_one_node():
    result = hot_keys(ModuloHash(10))
    harmonic = sum(1 / k for k in range(1, 1001))
    assert result.hottest.sum() / 100_000 == pytest.approx(1 / harmonic, abs=0.005)
    assert np.count_nonzero(result.hottest) == 1 and result.counts.sum() == 100_000
    assert result == hot_keys(ModuloHash, 100_000, 1.0, 1_000, nodes=10, seed=7)
    turns = hot_keys(RoundRobin(10), 100_000, 1.0)
    assert turns.counts.tolist() == [10_000] * 10 and np.count_nonzero(turns.hottest) == 10


@pytest.mark.parametrize("exponent", [0.0, 0.7, 1.0, 2.5, 10.0])
def test_zipfs_law(exponent):
    result = hot_keys(ModuloHash(1), 50_000, exponent, keys=20, seed=1)
    share = 1 / sum(k**-exponent for k in range(1, 21))
    assert result.hottest.sum() / 50_000 == pytest.approx(share, abs=0.01)
    assert hot_keys(ModuloHash(3), 100, exponent, keys=1).hottest.sum() == 100
    assert hot_keys(ModuloHash(3), 0, exponent).counts.sum() == 0


def test_ranks_are_those_of_a_plain_search():
    share = np.arange(1, 1001) ** -1.1
    draws = (uniform_bits(20_000, 4 + 0x5EED) >> np.uint64(11)).astype(float) * 2.0**-53
    wanted = np.searchsorted(np.cumsum(share) / share.sum(), draws, side="right")
    assert (zipf_ranks(20_000, 1.1, 1000, 4) == wanted).all()


# Clients that agree


def test_agreement_is_counted_by_hand():
    keys = [f"user:{i}" for i in range(300)]
    rows = {"mod": ModuloHash(5), "slots": HashSlots(5), "mod again": ModuloHash(5)}
    result = agreement(rows, 300)
    picks = [[one.select(key) for key in keys] for one in rows.values()]
    assert [row.tolist() for row in result.picks] == picks
    same = sum(a == b for a, b in zip(picks[0], picks[1], strict=True))
    assert result.as_first == (100, pytest.approx(same / 3), 100)
    assert result.busiest[1] == pytest.approx(max(picks[1].count(node) for node in range(5)) / 3)
    assert f"slots: {same / 3:.0f} % of the keys where mod puts them" in result.sentence()
    assert agreement([ModuloHash, HashSlots], nodes=5).picks[1].tolist()[:300] == picks[1]


def test_a_hash_of_15_bits_is_before_every_point_of_a_ring():
    servers = [f"10.0.0.{i}:11211" for i in range(1, 6)]
    result = agreement(presets.ketama.twemproxy(servers, hash="crc32"))
    assert result.busiest == (100,) and "100 % at the busiest node" in result.sentence()


def test_rows_of_a_plain_class_and_others_are_of_the_same_keys():
    result = agreement([MyKeys, ModuloHash], 20_000, nodes=1_000)
    assert [len(row) for row in result.picks] == [10_000, 10_000]


# Keys from a file


def test_counts_and_sentence(file):
    result = count_keys(HashSlots(["a", "b", "c"]), file("aaa\nbb\nbb\nbb\nc\n" + "x" * 40_000), top=2)
    picks = HashSlots(3).select_many(["aaa", "bb", "bb", "bb", "c"])
    assert result.counts.tolist() == np.bincount(picks, minlength=3).tolist()
    assert result.hottest.tolist() == [3 * (node == picks[1]) for node in range(3)]
    assert (result.requests, result.distinct, result.top, result.top_error) == (5, 3, (("bb", 3), ("aaa", 1)), 0)
    busiest = int(result.counts.argmax())
    assert (
        repr(result)
        == str(result)
        == (
            "5 requests from keys.txt; 1 line could not be used, too long (line 6). "
            f"The busiest of 3 nodes, {'abc'[busiest]}, got {result.counts[busiest]}: "
            f"{result.counts[busiest] / (5 / 3):.2f} times the mean. The key asked for most, 'bb', is 60.0 % of them."
        )
    )


def test_nobody_up_and_selectors_without_keys(file):
    nobody = count_keys(all_down(RoundRobin(3)), file("a\nb\n"))
    assert (nobody.requests, nobody.unplaced, nobody.counts.sum()) == (2, 2, 0)
    assert "2 requests found no node up." in str(nobody)
    turns = count_keys(RoundRobin, file("a\na\na\na\n"), nodes=2)
    assert turns.counts.tolist() == [2, 2] and turns.hottest.tolist() == [0, 0] and turns.top == (("a", 4),)
    mine = RoundRobin(2)
    assert count_keys(mine, file("a\n")).counts.tolist() == [1, 0] and mine.select() == 0


def test_a_file_gives_what_a_batch_does(file):
    whole = [f"user-{number % 977}" for number in range(50_000)]
    selector = HashSlots(7)
    result = count_keys(selector, file("\n".join(whole)))
    assert result.counts.tolist() == np.bincount(selector.select_many(whole), minlength=7).tolist()
    assert result.nodes == selector.nodes
    assert result == count_keys(HashSlots, file("\n".join(whole)), nodes=7)


def test_a_class_that_picks_one_by_one_is_told():
    with pytest.raises(TypeError, match="selector: expected one of lbcore's selectors, got MyHash"):
        count_keys(MyHash, LOG, "path")


def test_hot_keys_stay_within_their_stated_error(monkeypatch):
    monkeypatch.setattr(counting, "_HOT_KEYS", 50)
    random = np.random.default_rng(5)
    hot, exact = counting._HotKeys(), Counter()
    for _ in range(40):
        batch = [f"key-{number}" for number in random.zipf(1.2, 1_000) % 100_000]
        hot.add(batch)
        exact.update(batch)
        assert len(hot.counts) <= 100
    assert 0 < hot.error <= exact.total() / 50
    for key, count in exact.items():
        assert count - hot.error <= hot.counts[key] <= count
    assert hot.counts.most_common(1)[0][0] == exact.most_common(1)[0][0]


def test_hot_keys_are_bounded_in_characters_too(monkeypatch):
    monkeypatch.setattr(counting, "_HOT_CHARACTERS", 10_000)
    hot = counting._HotKeys()
    hot.add([f"{number:0500}" for number in range(100)] + ["hot"] * 50)
    assert sum(map(len, hot.counts)) <= 10_000
    assert hot.counts["hot"] + hot.error >= 50


class ByLength:
    """A selector of three nodes that needs nothing compiled: the node is the key's length modulo 3."""

    nodes = ("a", "b", "c")
    keyed = True
    batches = 0

    def select_many(self, batch):
        self.batches += 1
        return np.array([len(key) % 3 for key in batch], dtype=np.int32)


def test_interrupting_keeps_what_was_counted(file):
    class Interrupted(ByLength):
        def select_many(self, batch):
            if self.batches == 2:
                self.batches = 0
                raise KeyboardInterrupt
            return super().select_many(batch)

    result = count_keys(Interrupted(), file("abc\n" * 300_000))
    assert 0 < result.requests < 300_000
    assert result.counts[0] == result.requests
    assert result.problem.startswith("Interrupted after") and result.problem in str(result)


def test_the_bar_appears_after_its_patience_only(file, monkeypatch):
    bars = []

    class Bar:
        value = 0.0
        closed = False

        def close(self):
            self.closed = True

    monkeypatch.setattr(counting, "_new_bar", lambda name: bars.append(Bar()) or bars[-1])
    path, told = file("abc\n" * 300_000), []
    count_keys(ByLength(), path)
    assert bars == []
    monkeypatch.setattr(counting._Bar, "_PATIENCE_S", 0.0)
    monkeypatch.setattr(counting._Bar, "_INTERVAL_S", 0.0)
    count_keys(ByLength(), path)
    assert [(bar.value, bar.closed) for bar in bars] == [(1.0, True)]
    count_keys(ByLength(), path, progress=told.append)
    assert len(bars) == 1 and told == sorted(told) and told[-1] == 1 and len(told) > 3


def test_the_lessons_own_log():
    """481 good requests, one of them in Latin-1, with a few pages asked for most, and three bad lines on purpose."""
    result = count_keys(ModuloHash, LOG, field="path")
    assert (result.requests, result.bad_lines, result.first_bad) == (481, 3, (78, 191, 421))
    assert result.top[0][1] > 0.15 * result.requests
    documentation = ("192.0.2.", "198.51.100.", "203.0.113.", "2001:db8:")
    assert {client for client in read_keys(LOG, "client") if not client.startswith(documentation)} == set()
