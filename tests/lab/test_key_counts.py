"""Counting the keys of a file: what each node gets, the hot keys, the sentence, and flat memory."""

import gzip
import tracemalloc
from collections import Counter
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from bylength import ByLength

from lbcore import HashSlots, RoundRobin
from lbcore.lab import keys
from lbcore.lab.keys import count_keys, read_keys


def test_counts_and_sentence(file):
    result = count_keys(ByLength(), file("aaa\nbb\nbb\nbb\nc\n\xff\n".encode("latin-1")), top=2)
    assert result.counts.tolist() == [1, 1, 3]
    assert (result.requests, result.distinct, result.top, result.top_error) == (5, 3, (("bb", 3), ("aaa", 1)), 0)
    assert (
        repr(result)
        == str(result)
        == (
            "5 requests from keys.txt; 1 line could not be used (line 6). "
            "The busiest of 3 nodes, c, got 3: 1.80 times the mean. The key asked for most, 'bb', is 60.0 % of them."
        )
    )
    assert str(count_keys(ByLength(), file(""))) == "0 requests from keys.txt."
    assert "No line has the field path" in str(count_keys(ByLength(), file("a\nb\n"), field="path"))


def test_the_selector_that_is_given_does_not_move(file):
    selector = RoundRobin(3)
    assert count_keys(selector, file("a\nb\n")).counts.tolist() == [1, 1, 0]
    assert selector.select() == 0


def test_no_key_is_listed_but_the_hottest_is_still_counted(file):
    result = count_keys(ByLength(), file("aa\naa\nb\n"), top=0)
    assert result.top == () and result.hottest.tolist() == [0, 0, 2]


def test_with_too_many_keys_to_keep_the_sentence_says_no_more_than_is_known(file, monkeypatch):
    monkeypatch.setattr(keys, "_HOT_KEYS", 10)
    seldom = [f"seldom-{number}" for number in range(60)]
    result = count_keys(ByLength(), file("\n".join(["hot"] * 41 + seldom)))
    assert result.distinct is None and (result.top_error, result.top[0]) == (1, ("hot", 40))
    assert str(result).endswith("The key asked for most, 'hot', is at least 39.6 % of them.")
    # One in 101 may be 1 in 60, and so more than 1 %.
    assert "is at least 0.9 % of them" in str(replace(result, requests=110, top=(("hot", 1),)))
    assert str(replace(result, requests=300, top=(("hot", 1),))).endswith("No key is as much as 1 % of them.")


def test_times_the_mean_is_of_the_requests_that_found_a_node(file):
    class Half(ByLength):
        def select_many(self, batch):
            return np.array([0 if key == "a" else -1 for key in batch], dtype=np.int32)

    words = str(count_keys(Half(), file("a\na\nb\nb\n")))
    assert "2 requests found no node up." in words and "got 2: 3.00 times the mean" in words


def test_nodes_down_and_keyless_selectors(file):
    class Keyless(ByLength):
        keyed = False

        def select_many(self, count):
            return np.full(count, -1, dtype=np.int32)

    result = count_keys(Keyless(), file("a\nb\n"))
    assert (result.requests, result.unplaced, result.counts.sum()) == (2, 2, 0)
    assert "2 requests found no node up." in str(result)


def test_a_real_selector_agrees_with_its_own_batch(file):
    whole = [f"user-{number % 977}" for number in range(50_000)]
    selector = HashSlots(7)
    result = count_keys(selector, file("\n".join(whole)))
    assert result.counts.tolist() == np.bincount(selector.select_many(whole), minlength=7).tolist()
    assert result.nodes == selector.nodes


class Hot(keys._HotKeys):
    """It gets smaller each time that it is cut; else `add` would never end."""

    def _keep(self, most):
        before = len(self.counts)
        super()._keep(most)
        assert len(self.counts) < before


def test_hot_keys_stay_within_their_stated_error(monkeypatch):
    monkeypatch.setattr(keys, "_HOT_KEYS", 50)
    random = np.random.default_rng(5)
    hot, exact = Hot(), Counter()
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
    monkeypatch.setattr(keys, "_HOT_CHARACTERS", 10_000)
    hot = Hot()
    hot.add([f"{number:0500}" for number in range(100)] + ["hot"] * 50)
    assert sum(map(len, hot.counts)) <= 10_000
    assert hot.counts["hot"] + hot.error >= 50


@pytest.mark.parametrize("packed", [False, True])
def test_memory_is_flat(tmp_path, packed):
    """Ten times the file, the same peak. Every key is different, which is the worst case for the hot keys."""

    def peak_bytes(lines):
        path = tmp_path / f"{lines}"
        with gzip.open(path, "wb", compresslevel=1) if packed else path.open("wb") as out:
            for start in range(0, lines, 10_000):
                out.write(b"".join(b"/some/path/%d\n" % number for number in range(start, start + 10_000)))
        tracemalloc.start()
        result = count_keys(ByLength(), path)
        peak = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        assert result.requests == lines
        return peak

    assert peak_bytes(400_000) < 1.3 * peak_bytes(40_000) + 8_000_000


def test_interrupting_keeps_what_was_counted(file):
    class Slow(ByLength):
        batches = 0

        def select_many(self, batch):
            Slow.batches += 1
            if Slow.batches == 3:
                raise KeyboardInterrupt
            return super().select_many(batch)

    result = count_keys(Slow(), file("abc\n" * 300_000))
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

    monkeypatch.setattr(keys, "_new_bar", lambda name: bars.append(Bar()) or bars[-1])
    path = file("abc\n" * 300_000)
    count_keys(ByLength(), path)
    assert bars == []
    monkeypatch.setattr(keys._Bar, "_PATIENCE_S", 0.0)
    monkeypatch.setattr(keys._Bar, "_INTERVAL_S", 0.0)
    count_keys(ByLength(), path)
    assert [(bar.value, bar.closed) for bar in bars] == [(1.0, True)]
    count_keys(ByLength(), path, progress=False)
    assert len(bars) == 1


def test_the_lessons_own_log():
    """480 good requests with a few pages asked for most, and four lines that cannot be used, on purpose."""
    path = Path(__file__).parents[2] / "lessons" / "data" / "access.log"
    result = count_keys(ByLength(), path, field="path")
    assert (result.requests, result.bad_lines, result.first_bad) == (480, 4, (78, 191, 306, 421))
    assert result.top[0][1] > 0.15 * result.requests
    clients = list(read_keys(path, "client"))
    documentation = ("192.0.2.", "198.51.100.", "203.0.113.", "2001:db8:")
    assert {client for client in clients if not client.startswith(documentation)} == set()
