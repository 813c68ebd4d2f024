"""Lesson 05's experiments against closed forms and twins; its widgets at their ends; its figures are its numbers."""

import tracemalloc
from bisect import bisect_left
from math import ceil

import numpy as np
import pytest
import states
from matplotlib.container import BarContainer

import lbcore
from lbcore import BoundedRing, HashRing, HashSlots, JumpHash, Maglev, ModuloHash, Rendezvous
from lbcore.lab import choice, experiments, figure, slider, summary, theory, widgets
from lbcore.lab.experiments_rings import ALGORITHMS, measured
from lbcore.lab.inputs import distinct_keys, uniform_bits
from lbcore.lab.live import Live
from lbcore.lab.results_rings import Bounded, Changes, Circle, Costs, Evenness, Ring, Table
from lbcore.lab.summaries_rings import significant
from lbcore.selectors import reference


class Bound:
    """What a student may write in lesson 05."""

    def __init__(self, n, eps):
        self.n, self.eps = n, eps
        self.load = [0] * n
        self.ring = reference.HashRing([1] * n, virtual_nodes=160)

    def select(self, key):
        bound = ceil((1 + self.eps) * (sum(self.load) + 1) / self.n)
        for node in self.ring.walk(key):
            if self.load[node] < bound:
                self.load[node] += 1
                return node
        return None


# What a figure shows, read back


def spans(ax, gid):
    """How much of a turn the wedges of each collection cover."""
    found = []
    for collection in (one for one in ax.collections if one.get_gid() == gid):
        total = 0.0
        for path in collection.get_paths():
            rim = path.vertices[: len(path.vertices) // 2]
            total += np.ptp(np.unwrap(np.arctan2(rim[:, 0], rim[:, 1]))) / (2 * np.pi)
        found.append(total)
    return found


def check_ring(fig, result):
    ax, bars = fig.axes
    assert spans(ax, "circle") == pytest.approx(result.last.shares, abs=1e-9)
    widths = [patch.get_width() for patch in bars.patches if patch.get_gid() == "share"]
    assert widths == pytest.approx(100 * result.last.shares)
    marks = {line.get_gid(): len(line.get_xdata()) for line in ax.lines}
    assert marks == {"stayed": int((~result.moved).sum()), "moved": int(result.moved.sum())}
    if result.after is None:
        assert not spans(ax, "before") and not spans(ax, "changed")
    else:
        assert spans(ax, "before") == pytest.approx(result.before.shares, abs=1e-9)
        assert sum(spans(ax, "changed")) == pytest.approx(result.share, abs=1e-9)


def check_evenness(fig, result):
    lines = {line.get_gid(): line.get_ydata() for line in fig.axes[0].lines}
    assert lines["peaks"] == pytest.approx([row.mean() for row in result.peaks])
    assert lines["spreads"] == pytest.approx([np.sqrt((row**2).mean()) for row in result.spreads])
    assert (lines["peaks theory"] == result.peak_theory).all()
    assert (lines["spreads theory"] == result.spread_theory).all()


def check_changes(fig, result):
    for ax, moves in zip(fig.axes, (result.added, result.removed), strict=True):
        bars = next(one for one in ax.containers if isinstance(one, BarContainer))
        assert [bar.get_width() for bar in bars] == pytest.approx(moves.percent)
        marks = [line.get_xdata()[0] for line in ax.lines if line.get_gid() == "theory"]
        assert marks == pytest.approx([100 * row.theory for row in moves.rows])
        assert [text.get_text() for text in ax.texts][: len(bars)] == [f"{share:.1f} %" for share in moves.percent]


def check_table(fig, result):
    counts = {
        gid: [len(one.get_paths()) for one in fig.axes[0].collections if one.get_gid() == gid]
        for gid in ("before", "after", "lost", "disturbed")
    }
    n = len(result.nodes)
    assert counts["before"] == np.bincount(result.before, minlength=n).tolist()
    assert counts["after"] == np.bincount(result.after, minlength=n).tolist()
    assert counts["lost"] == [result.lost.sum()] and counts["disturbed"] == [result.disturbed.sum()]


def check_bounded(fig, result):
    for ax, gid, counts, hot in zip(
        fig.axes, ("ring", "bounded"), (result.ring, result.counts), (result.ring_hot, result.hot), strict=True
    ):
        heights = [patch.get_height() for patch in ax.patches if patch.get_gid() == gid]
        assert heights == (counts - hot).tolist()
        assert [p.get_height() for p in ax.patches if p.get_gid() == f"{gid} hot"] == hot[hot > 0].tolist()
    assert [line.get_ydata()[0] for line in fig.axes[1].lines if line.get_gid() == "bound"] == [result.bound]


def check_costs(fig, result):
    for ax, values in zip(fig.axes, (result.build_ms, result.lookup_ns, result.memory_kb), strict=True):
        assert [bar.get_width() for bar in ax.patches] == pytest.approx(values)
        assert [text.get_text().split()[0] for text in ax.texts] == [significant(value) for value in values]


CHECKS = {
    Ring: check_ring,
    Evenness: check_evenness,
    Changes: check_changes,
    Table: check_table,
    Bounded: check_bounded,
    Costs: check_costs,
}

# Widgets

NAMES = {"experiments": experiments, "BoundedRing": BoundedRing, "Bound": Bound}
WIDGETS = {
    "ring": lambda: widgets.ring(),
    "ring that changes": lambda: widgets.ring(
        slider(1, 40, start=10), nodes=slider(1, 24, start=10), after=slider(1, 24, start=11), keys=slider(0, 200)
    ),
    "evenness": lambda: widgets.evenness([1, 10], nodes=slider(2, 100, start=10), rings=20, seed=slider(0, 99)),
    "evenness at one": lambda: widgets.evenness(slider(1, 100), rings=slider(1, 10, start=5)),
    "changes": lambda: widgets.changes(slider(2, 60, start=10), keys=slider(100, 2_000, start=500)),
    "maglev": lambda: widgets.maglev(choice(0, 1, 2), table_size=choice(17, 31, 251, 1_021), nodes=slider(3, 16)),
    "bounded": lambda: widgets.bounded(
        choice(BoundedRing, Bound), eps=slider(0.05, 2.0, start=0.25, step=0.05), requests=slider(1, 300, start=200)
    ),
    "bounded by heat": lambda: widgets.bounded(
        nodes=slider(1, 64, start=10), exponent=slider(0.0, 3.0, start=1.0, step=0.1), keys=slider(1, 1_000)
    ),
}


def look(panel, redraws):
    states.look(panel, redraws, CHECKS, NAMES)


@pytest.mark.parametrize("name", WIDGETS)
def test_every_control_at_every_end(name):
    states.every_end(WIDGETS[name](), look)


@pytest.mark.parametrize("count", states.COUNTS)
@pytest.mark.parametrize("name", WIDGETS)
def test_random_states(name, count):
    states.random_states(WIDGETS[name](), name, count, look)


def test_the_lines_that_the_lesson_shows():
    panel = widgets.ring()
    assert list(panel.controls) == ["virtual_nodes"] and panel.code == "experiments.ring(1)"
    assert panel.controls["virtual_nodes"].label == "virtual nodes of each node"
    assert widgets.changes(slider(2, 40, start=10)).code == "experiments.changes(10)"
    assert widgets.maglev(4, table_size=31).code == "experiments.maglev(4, table_size=31)"
    panel = widgets.bounded(choice(Bound, BoundedRing), eps=0.25, requests=20)
    assert panel.code == "experiments.bounded(Bound, eps=0.25, requests=20)"


@pytest.mark.parametrize(
    ("make", "name"),
    [
        (lambda: widgets.ring(0), "virtual_nodes"),
        (lambda: widgets.ring(1_001), "virtual_nodes"),
        (lambda: widgets.ring(1, nodes=25), "nodes"),
        (lambda: widgets.ring(1, after=0), "after"),
        (lambda: widgets.ring(1, keys=-1), "keys"),
        (lambda: widgets.ring(1.5), "virtual_nodes"),
        (lambda: widgets.evenness([]), "virtual_nodes"),
        (lambda: widgets.evenness([1, 0]), "virtual_nodes"),
        (lambda: widgets.evenness(nodes=1), "nodes"),
        (lambda: widgets.evenness(1_000, nodes=1_000, rings=1_000), "rings"),
        (lambda: widgets.changes(1), "nodes"),
        (lambda: widgets.changes(keys=0), "keys"),
        (lambda: widgets.maglev(5), "removed"),
        (lambda: widgets.maglev(table_size=32), "table_size"),
        (lambda: widgets.maglev(table_size=65_537), "table_size"),
        (lambda: widgets.bounded(eps=0.0), "eps"),
        (lambda: widgets.bounded(exponent=11), "exponent"),
        (lambda: widgets.bounded(requests=0), "requests"),
        (lambda: widgets.bounded(keys=0), "keys"),
        (lambda: widgets.bounded("ring"), "cls"),
        (lambda: widgets.bounded(HashRing), "cls"),
    ],
)
def test_what_cannot_be_is_a_sentence_and_no_traceback(make, name, capsys):
    panel = make()
    assert panel.sentence.startswith(f"This cannot be drawn: {name}: ") and panel.board.picture == ""
    assert capsys.readouterr() == ("", "")


def test_a_prediction_is_scored():
    said = widgets.ring(prediction=12)
    assert said.sentence.endswith("You said 12: off by 11.7.") and "you: 12" in said.board.picture
    said = widgets.changes(prediction=9)
    assert "You said 9: off by 0.5." in said.sentence and "you: 9" in said.board.picture
    said = widgets.bounded(prediction=1_000)
    assert "You said 1,000: off by 783." in said.sentence and "you: 1,000" in said.board.picture
    assert "You said 3: off by" in summary(experiments.evenness([1], rings=5), 3)
    figure(experiments.evenness([1], rings=5), 30)


class Stub:
    def __init__(self, n, eps):
        pass

    def select(self, key):
        bound = ...  # noqa: F841
        ...


def test_a_students_stub_and_a_students_mistake():
    assert "Stub is not finished yet" in widgets.bounded(Stub, eps=0.25).sentence
    nowhere = type("Nowhere", (Stub,), {"select": lambda self, key: 10})
    assert "returned 10; the nodes have the numbers 0 to 9" in widgets.bounded(nowhere).sentence


# The ring


@pytest.mark.parametrize(("nodes", "virtual_nodes"), [(1, 1), (3, 1), (10, 1), (10, 40), (24, 7)])
def test_the_circle_is_the_twins(nodes, virtual_nodes):
    result = experiments.ring(virtual_nodes, nodes, keys=200, seed=3)
    twin = reference.HashRing([1] * nodes, virtual_nodes)
    assert result.before.owner.tolist() == [node for _, node in twin.points]
    assert result.before.at == pytest.approx([point / 2**64 for point, _ in twin.points])
    shares, last = [0] * nodes, twin.points[-1][0] - 2**64
    for point, node in twin.points:
        shares[node] += point - last
        last = point
    assert result.before.shares == pytest.approx([share / 2**64 for share in shares])
    places = uniform_bits(200, 3)
    wanted = [twin.points[bisect_left(twin.points, (int(p), 0)) % len(twin.points)][1] for p in places]
    assert result.before.owners_of(result.keys).tolist() == wanted


@pytest.mark.parametrize(("nodes", "after"), [(10, 11), (10, 9), (3, 4), (5, 5), (2, 8), (8, 1)])
@pytest.mark.parametrize("virtual_nodes", [1, 30])
def test_what_changes_hands(nodes, after, virtual_nodes):
    result = experiments.ring(virtual_nodes, nodes, after, keys=1_000)
    before, later = HashRing(nodes, virtual_nodes=virtual_nodes), HashRing(after, virtual_nodes=virtual_nodes)
    keys = distinct_keys(40_000, 5)
    share = lbcore.moved(before, later, keys) / len(keys)
    assert abs(share - result.share) < 5 * np.sqrt(max(share * (1 - share), 1e-6) / len(keys))
    changed = np.zeros(1_000, bool)
    for start, end in result.changed:
        changed |= ((result.keys > start) & (result.keys <= end)) | (result.keys > start + 1)
    assert (changed == result.moved).all()
    moved = before.select_many(keys) != later.select_many(keys)
    assert result.heirs == len(set(later.select_many(keys)[moved].tolist()))
    assert result.givers == len(set(before.select_many(keys)[moved].tolist()))


def test_theory_of_the_ring():
    for nodes in (1, 2, 10, 100):
        assert theory.ring_peak(nodes, 1) == pytest.approx(sum(1 / k for k in range(1, nodes + 1)), rel=1e-4)
    rng = np.random.default_rng(1)
    for nodes, virtual_nodes in ((10, 2), (10, 10), (10, 100), (50, 7), (10, 1_000)):
        draws = rng.dirichlet([virtual_nodes] * nodes, 20_000)
        peak = nodes * draws.max(axis=1)
        assert abs(theory.ring_peak(nodes, virtual_nodes) - peak.mean()) < 5 * peak.std() / np.sqrt(len(peak))
        spread = nodes * np.sqrt(((draws - 1 / nodes) ** 2).mean())
        assert theory.ring_spread(nodes, virtual_nodes) == pytest.approx(spread, rel=0.02)
    figures = [round(theory.ring_peak(10, v), 2) for v in (1, 10, 100)]
    assert figures == [2.93, 1.54, 1.16]


def test_rings_are_as_uneven_as_theory_says():
    result = experiments.evenness([1, 10, 100], rings=300, seed=11)
    for count, peaks, spreads in zip(result.virtual_nodes, result.peaks, result.spreads, strict=True):
        error = peaks.std() / np.sqrt(len(peaks))
        assert abs(peaks.mean() - theory.ring_peak(10, int(count))) < 4 * error
        squares = spreads**2
        assert abs(squares.mean() - theory.ring_spread(10, int(count)) ** 2) < 4 * squares.std() / np.sqrt(len(peaks))
    one = Circle(("a", "b"), np.array([0.25, 0.5]), np.array([0, 1]))
    assert one.shares.tolist() == [0.75, 0.25] and one.peak == 1.5 and one.spread == 0.5


# What moves


@pytest.mark.parametrize("nodes", [2, 10, 31])
def test_six_ways(nodes):
    result = experiments.changes(nodes, keys=20_000)
    for moves, after in ((result.added, nodes + 1), (result.removed, nodes - 1)):
        assert [row.label for row in moves.rows] == list(ALGORITHMS)
        for row, cls in zip(moves.rows, ALGORITHMS.values(), strict=True):
            keys = distinct_keys(20_000, 7)
            later = cls(nodes)
            later.add(f"node-{nodes}") if after > nodes else later.remove(nodes - 1)
            same = (cls(nodes).select_many(keys) == later.select_many(keys)).sum()
            assert row.moved == 20_000 - same
            assert abs(row.moved / 20_000 - row.theory) < 5 * np.sqrt(row.theory * (1 - row.theory) / 20_000)
        shares = {row.label: row.theory for row in moves.rows}
        least = 1 / max(nodes, after)
        assert shares["jump"] == pytest.approx(least) and shares["rendezvous"] == pytest.approx(least)
        assert shares["hash mod N"] == pytest.approx(1 - 1 / max(nodes, after))
        assert shares["slots"] == pytest.approx(least, rel=0.01)
        if after < nodes:
            assert shares["Maglev"] >= least * 0.999


def test_theory_of_weights_and_names():
    weighted = Rendezvous(["a", "b", "c"], [1, 2, 3])
    for after, share in (
        (Rendezvous(["a", "b", "c", "d"], [1, 2, 3, 4]), 0.4),
        (Rendezvous(["c", "a"], [3, 1]), 2 / 6),
        (Rendezvous(["a", "b", "x"], [1, 2, 3]), 6 / 9),
    ):
        row = experiments.moves(weighted, after, keys=20_000).rows[0]
        assert row.theory == pytest.approx(share)
        assert abs(row.moved / 20_000 - share) < 5 * np.sqrt(share * (1 - share) / 20_000)
    ring = experiments.moves(HashRing(["a", "b"], [1, 3]), HashRing(["b", "c"], [3, 2]), keys=20_000).rows[0]
    assert abs(ring.moved / 20_000 - ring.theory) < 0.02
    swapped = experiments.moves(Maglev(["a", "b", "c"]), Maglev(["c", "b", "a"]), keys=1_000).rows[0]
    assert swapped.theory == swapped.moved == 0


def test_where_there_is_no_law():
    down = HashRing(10)
    down.mark_down(3)
    for before, after in (
        (HashRing(10), down),
        (HashRing(10, rule="nearest"), HashRing(11, rule="nearest")),
        (HashRing(10), HashRing(11, rule="after")),
        (HashRing(10), ModuloHash(10)),
        (Maglev(10), Maglev(10, table_size=31)),
        (HashSlots(10), HashSlots(10, 100)),
        (JumpHash(["a", "b"]), JumpHash(["b", "a", "c"])),
        (Rendezvous(["a", "b"], [1, 2]), Rendezvous(["a", "b"], [2, 1])),
        (BoundedRing(3), BoundedRing(4)),
    ):
        assert experiments.moves(before, after, keys=100).rows[0].theory is None


@pytest.mark.parametrize(("nodes", "size"), [(2, 2), (3, 13), (5, 31), (16, 251)])
def test_the_table_is_the_twins(nodes, size):
    for removed in {0, nodes // 2, nodes - 1}:
        result = experiments.maglev(removed, size, nodes)
        weights = [1] * nodes
        assert result.before.tolist() == reference.Maglev(weights, size).owner
        weights[removed] = 0  # a node of weight zero has no turn
        assert result.after.tolist() == reference.Maglev(weights, size).owner
        assert result.lost.sum() + result.disturbed.sum() == (result.before != result.after).sum()


def test_a_larger_maglev_is_disturbed_less():
    shares = [experiments.maglev(4, size).disturbed.mean() for size in (31, 251, 1_021)]
    assert shares[0] > shares[1] > shares[2] > 0


# A hot key


@pytest.mark.parametrize("eps", [0.05, 0.25, 1.0])
def test_bounded_loads_against_the_twin(eps):
    result = experiments.bounded(eps=eps, requests=500)
    assert result.counts.max() <= result.bound == ceil(round((1 + eps) * 500 / 10, 9))
    twin, plain = reference.BoundedRing([1] * 10, 160, eps), reference.HashRing([1] * 10, 160)
    rng_free = experiments.hot_keys(HashRing(10), requests=500, seed=7)
    assert (result.ring == rng_free.counts).all() and (result.ring_hot == rng_free.hottest).all()
    assert (result.counts == experiments.hot_keys(BoundedRing(10, eps=eps), requests=500, seed=7).counts).all()
    keys = distinct_keys(1_000, 7)[experiments_ranks(500)].tolist()
    picks = [twin.select(key) for key in keys]
    assert np.bincount(picks, minlength=10).tolist() == result.counts.tolist()
    homes = {key: plain.select(key) for key in set(keys)}
    assert sum(pick != homes[key] for pick, key in zip(picks, keys, strict=True)) == result.elsewhere


def experiments_ranks(requests):
    """The k-th key is asked for like 1/k: the inverse of the distribution function, by search."""
    share = 1 / np.arange(1, 1_001)
    edges = np.cumsum(share) / share.sum()
    return np.searchsorted(edges, (uniform_bits(requests, 7 + 0x5EED) >> np.uint64(11)) * 2.0**-53, side="right")


def test_a_students_class_stands_where_lbcores_stands():
    theirs, ours = experiments.bounded(Bound, requests=300), experiments.bounded(requests=300)
    assert (theirs.counts == ours.counts).all() and (theirs.hot == ours.hot).all()
    assert theirs.elsewhere == ours.elsewhere and theirs.name == "Bound"


def test_what_the_lesson_says():
    assert experiments.hot_keys(HashRing(10), seed=7).counts.max() == 20_694
    assert (experiments.bounded().bound, experiments.bounded().elsewhere) == (125, 200)
    assert experiments.bounded(eps=2.0).elsewhere == 0
    assert (experiments.ring(1, after=9).heirs, experiments.ring(160, after=9).heirs) == (1, 9)
    names = ["ann", "bob", "cat", "dan", "eve", "fay"]
    assert HashRing(3, virtual_nodes=1).select_many(names).tolist() == [0, 2, 2, 1, 2, 1]
    theory = experiments.moves(Maglev(10), 9, keys=10).rows[0].theory
    assert round(100 * theory, 1) == 10.2


# What it costs


def test_costs_are_measured():
    told = []
    result = measured(None, told.append, nodes=50)
    assert result.labels == tuple(ALGORITHMS) and told == pytest.approx(np.arange(1, 7) / 6)
    assert not tracemalloc.is_tracing()
    for row in (result.build_ms, result.lookup_ns, result.memory_kb):
        assert row.shape == (6,) and (row > 0).all() and np.isfinite(row).all()
    kept = dict(zip(result.labels, result.memory_kb, strict=True))
    assert kept["ring"] > 50 * 160 * 12 / 1e3 and kept["Maglev"] > 65_537 * 4 / 1e3 and kept["slots"] > 16_384 * 4 / 1e3
    assert kept["jump"] < kept["slots"]
    check_costs(figure(result), result)
    assert summary(result).count("\n") == 6 and "ring: " in summary(result)


def test_costs_live():
    live = widgets.live_costs(nodes=10)
    assert isinstance(live, Live) and "press Start" in repr(live)
    live.start()
    assert live.join(120) and live.error is None
    assert isinstance(live.result, Costs) and live.sentence.startswith("Measured now, on this machine, with 10 nodes.")
    with pytest.raises(ValueError, match="nodes: 1 is not between"):
        widgets.live_costs(nodes=1)


def test_significant():
    assert [significant(value) for value in (0, 0.01234, 0.5, 3.44, 47.2, 1_412.0, 9.96)] == [
        "0",
        "0.012",
        "0.50",
        "3.4",
        "47",
        "1,400",
        "10.0",
    ]
