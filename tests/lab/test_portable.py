"""Where a page has no processes and starts no threads, and an index has 32 bits, the lab works all the same."""

import subprocess
import sys

import numpy as np

from lbcore import HashRing, HashSlots, ModuloHash, Random, RoundRobin, WeightedRandom, presets
from lbcore.lab import agreement, balance, count_keys, latency, moves, ring, stampede, work

BARRED = """
import sys, _thread

def barred(*_, **__):
    raise RuntimeError("can't start new thread")

_thread.start_new_thread = _thread.start_joinable_thread = barred
for name in ("multiprocessing", "_multiprocessing", "_posixshmem", "concurrent.futures.process", "fcntl"):
    sys.modules[name] = None
import threading

threading._start_new_thread = threading._start_joinable_thread = barred
import lbcore, lbcore.faults, lbcore.presets, lbcore.simulate
import lbcore.lab
for name in dir(lbcore.lab):
    getattr(lbcore.lab, name)
from lbcore.lab.frame.still import figure
from lbcore.lab.frame import style
from lbcore.lab import balance, evenness, latency, slider
for result in (balance(lbcore.Random, 1000), evenness(10, rings=5), latency(lbcore.Random, 50, requests=1000)):
    assert style.svg(figure(result)).startswith("<svg")
assert "<svg" in balance(lbcore.RoundRobin, slider(1, 100)).board.picture
import os, tempfile
folder = tempfile.TemporaryDirectory()
os.environ["LBCORE_PROGRESS"] = folder.name + "/done.json"
lbcore.lab.predict("requests", 0, 9, "requests").commit()
assert "0 requests" in repr(lbcore.lab.progress())
"""


def test_the_lab_without_processes_and_threads():
    done = subprocess.run([sys.executable, "-c", BARRED], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr


def computed(path):
    """What counts, or repeats, by integers."""
    servers = [f"10.0.0.{i}:11211" for i in range(1, 6)]
    grown, shrunk = HashSlots(5), HashSlots(5)
    grown.add("new")
    shrunk.remove(1)
    names = list("abcde")
    return [
        balance(Random, 100).counts.tolist(),
        balance(HashSlots, 100).counts.tolist(),
        work([RoundRobin, WeightedRandom]).sentence(),
        agreement([ModuloHash, HashSlots], nodes=5).sentence(),
        moves(ModuloHash, nodes=10).sentence(),
        count_keys(ModuloHash, path).sentence(),
        ring(5).sentence(),
        latency(Random, 50, requests=1000).sentence(),
        stampede().sentence(),
        HashRing(5, [1, 2, 1, 1, 1]).select_many(names).tolist(),
        grown.owners.tolist(),
        shrunk.owners.tolist(),
        presets.nginx.hash_consistent(servers).select_many(names).tolist(),
        presets.haproxy.hash(servers).select_many(names).tolist(),
        presets.ketama.twemproxy(servers).select_many(names).tolist(),
        presets.ketama.libmemcached(servers).select_many(names).tolist(),
        presets.ketama.libketama(servers).select_many(names).tolist(),
    ]


def test_counting_takes_indices_of_the_platforms_size(monkeypatch, file):
    path = file("a\nb\na\n")
    right = computed(path)

    def small(name):
        real = getattr(np, name)

        def refusing(values, *more, **named):
            index = values if name == "bincount" else [*more, *named.values()][0]
            assert np.asarray(index).dtype == np.int32, f"{name} of {np.asarray(index).dtype}"
            return real(values, *more, **named)

        monkeypatch.setattr(np, name, refusing)

    monkeypatch.setattr(np, "intp", np.int32)
    small("bincount")
    small("repeat")
    assert computed(path) == right
