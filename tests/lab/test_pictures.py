"""Pictures of counts and keys at their extremes: texts stand apart, and the SVG can stand in any page."""

import re

import numpy as np
import pytest
from driven import counts, keys
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from matplotlib.text import Text

from lbcore import HashSlots, ModuloHash, Random, RoundRobin, TwoChoices, WeightedRandom, WeightedRoundRobin
from lbcore.lab import agreement, balance, count_keys, growth, hot_keys, luck, moves, sequence, work
from lbcore.lab.exhibits.counts.sequence import Sequence
from lbcore.lab.exhibits.keys.agreement import Agreement
from lbcore.lab.frame import style
from lbcore.lab.frame.axes import LeanAxes
from lbcore.lab.frame.still import figure
from lbcore.lab.frame.words import Guess

CHECKS = {**counts.CHECKS, **keys.CHECKS}

CASES = {
    "balance": lambda: balance(Random),
    "balance of nothing": lambda: balance(Random, 0),
    "balance of one": lambda: balance(Random, nodes=1),
    "balance of one short of a million": lambda: balance(RoundRobin, 999_999),
    "balance of a mean with seven digits": lambda: balance(RoundRobin, 12_345_678),
    "balance of a million": lambda: balance(Random, 1_000_000),
    "balance of 24": lambda: balance(Random, nodes=24),
    "balance of 25": lambda: balance(Random, nodes=25),
    "balance of 64": lambda: balance(Random, 1_000_000, nodes=64),
    "balance of 65": lambda: balance(Random, 1_000_000, nodes=65),
    "balance of 10,000": lambda: balance(Random, 1_000_000, nodes=10_000),
    "balance by turns": lambda: balance(RoundRobin(["Paris", "Amsterdam", "Rio de Janeiro"])),
    "balance of 30 names": lambda: balance(RoundRobin([f"server {i}.example" for i in range(30)])),
    "balance by weight": lambda: balance(WeightedRandom, weights=[5, 1, 1, 3]),
    "balance by weight, many": lambda: balance(WeightedRandom, 100_000, weights=list(range(1, 201))),
    "balance by weight, down": lambda: balance(WeightedRoundRobin, weights=[5, 1, 1, 3], down=3),
    "balance, two down": lambda: balance(Random, down=[2, 3]),
    "balance, all down": lambda: balance(Random, nodes=3, down=[0, 1, 2]),
    "balance of slots": lambda: balance(HashSlots, 10_000),
    "sequence": lambda: sequence([WeightedRoundRobin(3, [5, 1, 1]), Random(3, seed=1)]),
    "sequence of none": lambda: sequence(Random, 0),
    "sequence of one": lambda: sequence(Random, 1),
    "sequence of 120": lambda: sequence(RoundRobin(100), 120),
    "sequence of 40": lambda: sequence(Random, 40, nodes=10),
    "agreement": lambda: agreement([ModuloHash, HashSlots], nodes=5),
    "agreement of one key": lambda: agreement(ModuloHash, 1),
    "agreement of 12": lambda: agreement({"twenty-six letters are here": ModuloHash(12), "row": ModuloHash(12)}),
    "luck": lambda: luck([Random, TwoChoices], 100, 100, runs=200),
    "luck of one run": lambda: luck(RoundRobin, 10, 1000, runs=1),
    "luck of none": lambda: luck(Random, 1, 0, runs=3),
    "luck of three": lambda: luck([Random, TwoChoices, RoundRobin], 10, 100_000, runs=20),
    "work": lambda: work([RoundRobin, Random]),
    "work of 64": lambda: work([RoundRobin, Random], requests=1_000_000, nodes=64),
    "work of names": lambda: work(RoundRobin(["Paris", "Amsterdam", "Rome"]), [10, 1], 900),
    "work of 100": lambda: work(Random, requests=1_000_000, nodes=100),
    "work of nothing": lambda: work(Random, [0.0], 0),
    "moves": lambda: moves([ModuloHash, HashSlots]),
    "moves to one": lambda: moves(ModuloHash(2), 1, 100),
    "moves from one": lambda: moves(HashSlots(1), 2, 1),
    "moves of 64": lambda: moves(ModuloHash(63), 64, 20_000),
    "moves of names": lambda: moves(ModuloHash(["a", "b", "c"]), ModuloHash(["c", "d"]), 100),
    "hot keys": lambda: hot_keys(ModuloHash, exponent=1.1),
    "hot keys, none": lambda: hot_keys(ModuloHash, 0),
    "hot keys, even": lambda: hot_keys(ModuloHash, exponent=0, nodes=64),
    "hot keys, extreme": lambda: hot_keys(HashSlots, 1_000_000, 3, nodes=200),
    "hot keys by turns": lambda: hot_keys(RoundRobin, 1_000_000, 3, nodes=200),
    "keys of a file": lambda: count_keys(ModuloHash, keys.LOG, "path"),
    "growth": lambda: growth([Random, TwoChoices, RoundRobin], 10, 100_000, runs=3),
    "growth of few": lambda: growth(Random, 200, 1000, runs=1),
    "growth of one node": lambda: growth(Random, 1, 10, runs=1),
}


def boxes(fig):
    """Every visible text of a figure with its place in pixels; only the texts that are drawn."""
    renderer = fig.canvas.get_renderer()
    fig.draw(renderer)
    found = []
    for text in fig.findobj(Text):
        if text.get_text().strip() and text.get_visible() and text.axes is not None and within(text):
            found.append((text.get_text(), text.get_window_extent(renderer)))
    return found


def within(text):
    """Ticks beyond the axes' limits have texts that are never drawn."""
    ax = text.axes
    for axis, position, limits in ((ax.xaxis, 0, ax.get_xlim()), (ax.yaxis, 1, ax.get_ylim())):
        if text in axis.get_ticklabels(which="both"):
            at = text.get_position()[position]
            return ax.axison and min(limits) <= at <= max(limits)
    return True


def check_texts(fig):
    """Each is large enough, inside of the picture, and apart from all others."""
    FigureCanvasAgg(fig)
    fig.dpi = 72
    found = boxes(fig)
    assert found
    width, height = fig.get_size_inches() * 72
    for text in fig.findobj(Text):
        assert not text.get_text().strip() or text.get_fontsize() >= style.FONT_PT
    for text, box in found:
        assert box.x0 >= -1 and box.y0 >= -1 and box.x1 <= width + 1 and box.y1 <= height + 1, text
    for i, (text, box) in enumerate(found):
        for other, its in found[i + 1 :]:
            across = min(box.x1, its.x1) - max(box.x0, its.x0)
            along = min(box.y1, its.y1) - max(box.y0, its.y0)
            # Side by side they need room; one above the other, a box has 3 points above its letters to share.
            assert across <= -2 or along <= 3, f"{text!r} overlaps {other!r}"


@pytest.mark.parametrize("case", CASES)
def test_a_picture_at_its_extremes(case):
    result = CASES[case]()
    # Of squares, a prediction is a text below them and no more.
    for prediction in (116,) if type(result) in (Sequence, Agreement) else (116, 1_000_000):
        fig = figure(result, prediction)
        CHECKS[type(result)](fig, result)
        check_texts(fig)
    text = style.svg(figure(result))
    assert text.startswith("<svg style=") and text.rstrip().endswith("</svg>")
    head = text[: text.index(">")]
    assert "viewBox" in head and "width:100%" in head and not re.search(r'\s(width|height)="', head)
    # A style element in a page is everybody's.
    assert "<g id=" not in text and "<style" not in text and "<metadata" not in text and "<text" in text
    assert not re.search(r"\d{4}-\d\d-\d\d", text)
    # What follows the theme says so wherever it stands.
    assert set(re.findall(r"(?<!, )#[0-9a-f]{6}\b", text)).isdisjoint(style.THEMED)
    assert len(text) < 250_000


@pytest.mark.parametrize("nodes", [1, 3, 7, 17, 24, 64])
def test_ticks_name_the_nodes_they_stand_below(nodes):
    results = (
        balance(RoundRobin, 5, nodes=nodes),
        work([RoundRobin, Random], [1.0], 500, nodes=nodes),
        moves(ModuloHash(nodes), nodes, 9),
    )
    for result in results:
        ax = figure(result).axes[-1]
        ticks = [(tick, label.get_text()) for tick, label in zip(ax.get_xticks(), ax.get_xticklabels(), strict=True)]
        assert ticks and all(str(int(tick)) == text for tick, text in ticks)


def test_a_prediction_stays_on_the_plot_dashed():
    for result, axis in (
        (balance(Random), "y"),
        (luck(Random, runs=10), "x"),
        (hot_keys(ModuloHash, 1000), "y"),
        (growth(Random, 10, 1000, runs=1), "y"),
        (work(RoundRobin, requests=90), "y"),
    ):
        fig = figure(result, 105)
        lines = [line for ax in fig.axes for line in ax.lines if line.get_gid() == "prediction"]
        assert lines and all(line.get_linestyle() == "--" for line in lines)
        assert all((line.get_ydata() if axis == "y" else line.get_xdata())[0] == 105 for line in lines)
        assert any("you: 105" in text.get_text() for text in fig.findobj(Text))
        assert not [line for ax in figure(result).axes for line in ax.lines if line.get_gid() == "prediction"]


def test_a_prediction_in_per_cent_is_drawn_in_requests():
    for result in (hot_keys(ModuloHash, 1000), balance(RoundRobin)):
        fig = figure(result, Guess(20.0, "%"))
        assert next(line for line in fig.axes[0].lines if line.get_gid() == "prediction").get_ydata()[0] == 200


def test_who_is_down_is_crossed_and_named():
    fig = figure(balance(RoundRobin(4), 100, down=[1, 2]))
    crossed = [p for p in fig.axes[0].patches if p.get_gid() == "down"]
    assert len(crossed) == 2 and all(p.get_hatch() == "xx" for p in crossed)
    assert [t.get_text() for t in fig.axes[0].texts].count("down") == 2


def test_a_node_keeps_its_colour():
    assert len({(style.colour(i), style.hatch(i)) for i in range(48)}) == 48
    for result in (balance(RoundRobin(5), 10), hot_keys(ModuloHash(5), 10)):
        bars = figure(result).axes[0].containers[0]
        wanted = [pytest.approx(counts.rgb(colour)) for colour in style.COLOURS[:5]]
        assert [tuple(np.asarray(bar.get_facecolor()[:3])) for bar in bars] == wanted


def test_writing_is_read_on_every_colour():
    for face in (*style.COLOURS, style.NEUTRAL, style.DOWN):
        assert style.contrast(style.on(face), face) >= 4.5
    for ink in (style.INK, style.MUTED, style.GUESS, style.WARNING):
        assert style.contrast(ink, style.PAPER) >= 4.5
    assert style.contrast(style.WARNING, style.WINDOW) >= 4.5


def test_yellow_has_an_edge():
    for result in (balance(RoundRobin(8), 80), sequence(RoundRobin(8), 8)):
        for artist in (*figure(result).axes[0].patches, *figure(result).axes[0].collections):
            edges = np.atleast_2d(artist.get_edgecolor())
            for face, edge in zip(np.atleast_2d(artist.get_facecolor()), edges, strict=False):
                if tuple(face[:3]) == pytest.approx(counts.rgb(style.YELLOW)):
                    assert tuple(edge[:3]) == pytest.approx(counts.rgb(style.YELLOW_EDGE))
                    assert np.min(artist.get_linewidth()) > 0


def test_bars_whose_colours_would_come_again_have_one():
    faces = {tuple(bar.get_facecolor()) for bar in figure(balance(RoundRobin(10), 10)).axes[0].containers[0]}
    assert len(faces) == 1
    assert len({tuple(bar.get_facecolor()) for bar in figure(balance(RoundRobin(8), 8)).axes[0].containers[0]}) == 8


@pytest.mark.parametrize(
    "width_px", [200, 1200, *(pytest.param(px, marks=pytest.mark.soak) for px in (468, 800, 3000))]
)
@pytest.mark.parametrize("case", ["balance", "work", "moves", "luck", "hot keys", "sequence of 40"])
def test_a_picture_is_drawn_for_the_room_there_is(case, width_px):
    fig = figure(CASES[case](), None, style.fitted(width_px))
    check_texts(fig)
    text_px = style.FONT_PT * min(width_px, style.PROJECTOR_PX) / style.width_of(fig)
    assert width_px < style.MIN_WIDTH_PX or 13 <= text_px <= 18


def test_what_is_no_result_is_a_type_error():
    with pytest.raises(TypeError, match="no picture of a int"):
        figure(3)


def test_one_tick_stands_for_all() -> None:
    """Axes that draw their ticks as one look as matplotlib's own: the same marks on the page."""
    drawn = []
    for kind in (Axes, LeanAxes):
        with style.dressed():
            fig = Figure(figsize=(6, 4))
            upper = fig.add_axes((0.2, 0.6, 0.7, 0.3), axes_class=kind)
            upper.bar(range(5), [3, 1, 4, 1, 5])
            upper.set_xticks(range(5), list("abcde"))
            upper.set_xlabel("letters")
            upper.set_ylabel("counts")
            lower = fig.add_axes((0.2, 0.1, 0.7, 0.3), axes_class=kind)
            lower.loglog([1, 1000], [2, 3])
            lower.tick_params(axis="x", length=0, labelbottom=False)
            canvas = FigureCanvasAgg(fig)
            canvas.draw()
            drawn.append(np.asarray(canvas.buffer_rgba()))
            assert [text.get_text() for text in upper.get_xticklabels()] == list("abcde")
    np.testing.assert_array_equal(*drawn)
