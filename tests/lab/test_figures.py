"""Every picture at its extremes: the numbers are the result's, nothing overlaps, and the SVG can stand in any page."""

import re

import numpy as np
import pytest
from matplotlib.text import Text

from lbcore import HashSlots, ModuloHash, Random, RoundRobin, TwoChoices, WeightedRandom, WeightedRoundRobin
from lbcore.lab import experiments, style
from lbcore.lab.figures import figure

CASES = {
    "balance": lambda: experiments.balance(Random(10, seed=7), 1000),
    "balance of nothing": lambda: experiments.balance(Random(10, seed=7), 0),
    "balance of one": lambda: experiments.balance(Random(1, seed=7), 1000),
    "balance of a million": lambda: experiments.balance(Random(10, seed=7), 1_000_000),
    "balance of 24": lambda: experiments.balance(Random(24, seed=7), 1000),
    "balance of 25": lambda: experiments.balance(Random(25, seed=7), 1000),
    "balance of 64": lambda: experiments.balance(Random(64, seed=7), 1_000_000),
    "balance of 65": lambda: experiments.balance(Random(65, seed=7), 1_000_000),
    "balance of 100": lambda: experiments.balance(Random(100, seed=7), 100),
    "balance of 10,000": lambda: experiments.balance(Random(10_000, seed=7), 1_000_000),
    "balance by turns": lambda: experiments.balance(RoundRobin(["Paris", "Amsterdam", "Rio de Janeiro"]), 1000),
    "balance of 30 names": lambda: experiments.balance(RoundRobin([f"server {i}.example" for i in range(30)]), 1000),
    "balance by weight": lambda: experiments.balance(WeightedRandom(4, [5, 1, 1, 3], seed=7), 1000),
    "balance by weight, many": lambda: experiments.balance(WeightedRandom(200, list(range(1, 201)), seed=7), 100_000),
    "balance by weight, down": lambda: experiments.balance(WeightedRoundRobin(4, [5, 1, 1, 3]), 1000, down=[3]),
    "balance, two down": lambda: experiments.balance(Random(10, seed=7), 1000, down=[2, 3]),
    "balance, all down": lambda: experiments.balance(Random(3, seed=7), 1000, down=[0, 1, 2]),
    "balance of slots": lambda: experiments.balance(HashSlots(10), 10_000, seed=7),
    "sequence": lambda: experiments.sequence([WeightedRoundRobin(3, [5, 1, 1]), Random(3, seed=1)], 14),
    "sequence of none": lambda: experiments.sequence(Random(3, seed=1), 0),
    "sequence of one": lambda: experiments.sequence(Random(3, seed=1), 1),
    "sequence of 120": lambda: experiments.sequence([Random(12, seed=1), RoundRobin(100)], 120),
    "sequence of 40": lambda: experiments.sequence(Random(10, seed=1), 40),
    "agreement": lambda: experiments.agreement([ModuloHash(5), HashSlots(5)]),
    "agreement of one key": lambda: experiments.agreement(ModuloHash(3), 1),
    "agreement of 12": lambda: experiments.agreement(
        {"twenty-six letters are here": ModuloHash(12)} | {f"row {i}": ModuloHash(12) for i in range(5)}
    ),
    "luck": lambda: experiments.luck([Random, TwoChoices], 100, 100, runs=200),
    "luck of one run": lambda: experiments.luck(RoundRobin, 10, 1000, runs=1),
    "luck of none": lambda: experiments.luck(Random, 1, 0, runs=3),
    "luck of three": lambda: experiments.luck([Random, TwoChoices, RoundRobin], 10, 100_000, runs=20),
    "work": lambda: experiments.work([RoundRobin(3), Random(3, seed=7)], [10, 1, 1], 900),
    "work of 64": lambda: experiments.work([RoundRobin(64), Random(64, seed=7)], [10, 1, 1], 1_000_000),
    "work of names": lambda: experiments.work(RoundRobin(["Paris", "Amsterdam", "Rome"]), [10, 1], 900),
    "work of 10": lambda: experiments.work(RoundRobin(10), [10, 1], 900),
    "work of 100": lambda: experiments.work(Random(100, seed=7), [10, 1, 1], 1_000_000),
    "work of nothing": lambda: experiments.work(Random(3, seed=7), [0.0], 0),
    "moves": lambda: experiments.moves([ModuloHash(10), HashSlots(10)], 11),
    "moves to one": lambda: experiments.moves(ModuloHash(2), 1, 100),
    "moves from one": lambda: experiments.moves(HashSlots(1), 2, 1),
    "moves of 64": lambda: experiments.moves([ModuloHash(63), HashSlots(63)], 64, 100_000),
    "moves of names": lambda: experiments.moves(ModuloHash(["a", "b", "c"]), ModuloHash(["c", "d"]), 100),
    "hot keys": lambda: experiments.hot_keys(ModuloHash(10), 100_000, 1.1, seed=7),
    "hot keys, none": lambda: experiments.hot_keys(ModuloHash(10), 0, 1.1, seed=7),
    "hot keys, even": lambda: experiments.hot_keys(ModuloHash(64), 100_000, 0, seed=7),
    "hot keys, extreme": lambda: experiments.hot_keys(HashSlots(200), 1_000_000, 3, seed=7),
    "hot keys by turns": lambda: experiments.hot_keys(RoundRobin(200), 1_000_000, 3, seed=7),
    "growth": lambda: experiments.growth([Random, TwoChoices, RoundRobin], 10, 100_000, runs=3),
    "growth of few": lambda: experiments.growth(Random, 200, 1000, runs=1),
    "growth of one node": lambda: experiments.growth(Random, 1, 10, runs=1),
}


@pytest.fixture(params=CASES, scope="module")
def result(request):
    """One result of each kind, at its usual size and at its extremes."""
    return CASES[request.param]()


@pytest.fixture(scope="module")
def svg(result):
    return style.svg(figure(result, 3))


@pytest.fixture(scope="module")
def old():
    """A figure that all cases use, one after another, so that each finds what the one before has drawn."""
    return figure(experiments.moves([ModuloHash(3), HashSlots(3)], 4, 50))


@pytest.mark.parametrize("prediction", [None, 1_000_000])
def test_what_is_drawn_is_the_result(result, prediction, check_drawn):
    check_drawn(figure(result, prediction), result)


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


@pytest.mark.parametrize("prediction", [None, 116])
def test_texts_are_large_enough_inside_and_apart(result, prediction):
    from matplotlib.backends.backend_agg import FigureCanvasAgg

    fig = figure(result, prediction)
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


def test_a_figure_is_used_again_and_looks_the_same(result, svg, old):
    again = figure(result, 3, old)
    assert again is old
    assert style.svg(again) == svg


def test_the_svg_fits_any_page(svg):
    text = svg
    assert text.startswith("<svg style=") and text.rstrip().endswith("</svg>")
    head = text[: text.index(">")]
    assert "viewBox" in head and "width:100%" in head and not re.search(r'\s(width|height)="', head)
    # A style element in a page is everybody's.
    assert "<g id=" not in text and "<style" not in text and "<metadata" not in text and "<text" in text
    assert not re.search(r"\d{4}-\d\d-\d\d", text)
    assert len(text) < 250_000


@pytest.mark.parametrize("nodes", [1, 3, 7, 17, 24, 64])
def test_ticks_name_the_nodes_they_stand_below(nodes):
    work = experiments.work([RoundRobin(nodes), Random(nodes, seed=1)], [1.0], 500)
    for result in (experiments.balance(RoundRobin(nodes), 5), work, experiments.moves(ModuloHash(nodes), nodes, 9)):
        ax = figure(result).axes[-1]
        ticks = [(tick, label.get_text()) for tick, label in zip(ax.get_xticks(), ax.get_xticklabels(), strict=True)]
        assert ticks and all(str(int(tick)) == text for tick, text in ticks)


def test_a_prediction_stays_on_the_plot_dashed():
    for result, axis in (
        (experiments.balance(Random(10, seed=7), 1000), "y"),
        (experiments.luck(Random, 10, 1000, runs=10), "x"),
        (experiments.hot_keys(ModuloHash(10), 1000), "y"),
        (experiments.growth(Random, 10, 1000, runs=1), "y"),
        (experiments.work(RoundRobin(3), [10, 1, 1], 90), "y"),
    ):
        fig = figure(result, 105)
        lines = [line for ax in fig.axes for line in ax.lines if line.get_gid() == "prediction"]
        assert lines and all(line.get_linestyle() == "--" for line in lines)
        assert all((line.get_ydata() if axis == "y" else line.get_xdata())[0] == 105 for line in lines)
        assert any("you: 105" in text.get_text() for text in fig.findobj(Text))
        assert not [line for ax in figure(result).axes for line in ax.lines if line.get_gid() == "prediction"]


def test_a_prediction_in_per_cent_is_drawn_in_requests():
    class Said:
        value, unit = 20, "%"

    fig = figure(experiments.hot_keys(ModuloHash(10), 1000), Said())
    assert next(line for line in fig.axes[0].lines if line.get_gid() == "prediction").get_ydata()[0] == 200


def test_the_band_is_drawn_where_it_is():
    result = experiments.balance(Random(10, seed=7), 1000)
    band = next(p for p in figure(result).axes[0].patches if p.get_gid() == "band")
    assert (band.get_y(), band.get_y() + band.get_height()) == (result.low[0], result.high[0])
    weighted = experiments.balance(WeightedRandom(3, [5, 1, 1], seed=7), 1000)
    bands = [p for p in figure(weighted).axes[0].patches if p.get_gid() == "band"]
    assert [b.get_y() for b in bands] == weighted.low.tolist()
    assert [b.get_y() + b.get_height() for b in bands] == weighted.high.tolist()


def test_who_is_down_is_crossed_and_named():
    fig = figure(experiments.balance(RoundRobin(4), 100, down=[1, 2]))
    crossed = [p for p in fig.axes[0].patches if p.get_gid() == "down"]
    assert [round(p.get_x() + p.get_width() / 2) for p in crossed] == [1, 2]
    assert all(p.get_hatch() == "xx" for p in crossed)
    assert [t.get_text() for t in fig.axes[0].texts].count("down") == 2


def test_a_node_keeps_its_colour():
    assert len({(style.colour(i), style.hatch(i)) for i in range(48)}) == 48
    for results in (experiments.balance(RoundRobin(5), 10), experiments.hot_keys(ModuloHash(5), 10)):
        bars = figure(results).axes[0].containers[0]
        assert [np.round(bar.get_facecolor()[:3], 3).tolist() for bar in bars] == [
            np.round([int(c[i : i + 2], 16) / 255 for i in (1, 3, 5)], 3).tolist() for c in style.COLOURS[:5]
        ]


def test_what_is_no_result_is_a_type_error():
    with pytest.raises(TypeError, match="no figure of a int"):
        figure(3)
