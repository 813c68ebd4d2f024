"""Lesson 07's experiments, pictures and widgets: at their extremes, against the threads and the closed forms."""

import copy
import math
import random
import re

import numpy as np
import pytest
import states
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.text import Text

from lbcore.faults import Chen, ExponentialDelay, FixedTimeout, PhiAccrual, RealClock, Rise, VirtualClock
from lbcore.faults.quality import beats, detection_times_s, fixed_timeout_mistakes, measure
from lbcore.lab import choice, experiments, slider, style, summary, widgets
from lbcore.lab.controls import ChoiceSpec
from lbcore.lab.experiments_heartbeats import CALM, STORM, SWEEPS, _expected_s, beating
from lbcore.lab.figures import figure
from lbcore.lab.results_heartbeats import Detection, Raster, Silences, TradeOff, Weather
from lbcore.lab.rules_heartbeats import Theirs, rule_of


class Adaptive:
    """What a student may write in lesson 07."""

    def __init__(self, k):
        self.k, self.last_s, self.gaps = k, None, []

    def heartbeat(self, now_s):
        if self.last_s is not None:
            self.gaps.append(now_s - self.last_s)
        self.last_s = now_s

    def timeout_s(self):
        return float(np.mean(self.gaps[-50:]) + self.k * np.std(self.gaps[-50:]))


class Open(Adaptive):
    """The stub."""

    def timeout_s(self):
        return ...


SEEDS = slider(0, 1000, start=7)
WIDGETS = {
    "detection": lambda: widgets.detection(slider(1.1, 30.0, start=3.0, step=0.1), seed=SEEDS),
    "detection with delays": lambda: widgets.detection(
        2.0, check_s=slider(0.0, 5.0, step=0.5), delay_s=slider(0.0, 0.2, step=0.01)
    ),
    "raster of a fixed timeout": lambda: widgets.raster(
        FixedTimeout, slider(1.1, 10.0, start=1.5, step=0.1), loss=slider(0.0, 1.0, start=0.1, step=0.1),
        nodes=slider(1, 8, start=3), seed=SEEDS,
    ),
    "raster of phi": lambda: widgets.raster(PhiAccrual, slider(0.5, 300.0, start=3.0, step=0.5), seed=SEEDS),
    "raster of Chen": lambda: widgets.raster(Chen, slider(0.1, 5.0, step=0.1), loss=slider(0.0, 0.9, step=0.1)),
    "raster of mine": lambda: widgets.raster(Adaptive, slider(0.0, 20.0, start=4.0, step=0.5), seed=SEEDS),
    "raster of a rule": lambda: widgets.raster(
        choice(FixedTimeout, PhiAccrual, Chen, Adaptive), slider(1.1, 5.0, start=2.0, step=0.1)
    ),
    "trade-off of a fixed timeout": lambda: widgets.tradeoff(
        FixedTimeout, slider(1.1, 9.0, start=1.5, step=0.1), loss=choice(0.0, 0.1, 0.5)
    ),
    "trade-off of Chen": lambda: widgets.tradeoff(Chen, slider(0.1, 9.0, step=0.1)),
    "trade-off of phi": lambda: widgets.tradeoff(PhiAccrual, slider(0.5, 300.0, start=8.0, step=0.5)),
    "weather": lambda: widgets.weather(
        choice(FixedTimeout, Chen, PhiAccrual, Adaptive), slider(1.1, 20.0, step=0.1), seed=SEEDS
    ),
    "silences": lambda: widgets.silences(slider(1, 60, start=18)),
}  # fmt: skip
NAMES = {
    "experiments": experiments, "FixedTimeout": FixedTimeout, "PhiAccrual": PhiAccrual, "Chen": Chen,
    "Adaptive": Adaptive,
}  # fmt: skip


# What is drawn is the result


def drawn(ax, gid):
    return [artist for artist in ax.get_children() if artist.get_gid() == gid]


def xs(artists):
    """The x of every stroke or cross."""
    found = []
    for artist in artists:
        lines = artist.get_segments() if hasattr(artist, "get_segments") else [[(x, 0)] for x in artist.get_xdata()]
        found += [line[0][0] for line in lines]
    return sorted(found)


def check_detection(fig, result):
    values, edges, _ = drawn(fig.axes[0], "times")[0].get_data()
    assert values.sum() == pytest.approx(100)
    assert values == pytest.approx(100 * np.histogram(result.times_s, edges)[0] / len(result.times_s))
    assert drawn(fig.axes[0], "theory")[0].get_xdata()[0] == result.expected_s
    band = drawn(fig.axes[0], "band")[0]
    assert band.get_x() == pytest.approx(result.timeout_s - result.interval_s)
    assert band.get_width() == pytest.approx(result.interval_s)


def check_raster(fig, result):
    top, level = fig.axes
    assert xs(drawn(top, "heard")) == sorted(np.concatenate(result.heard_s))
    assert xs(drawn(top, "lost")) == sorted(np.concatenate(result.lost_s))
    for gid, rows in (("failed", result.failed_s), ("false", result.false_s)):
        bars = {(round(p.get_x(), 6), round(p.get_width(), 6)) for p in top.patches if p.get_gid() == gid}
        assert bars == {(round(a, 6), round(b - a, 6)) for row in rows for a, b in row}
    assert drawn(level, "threshold")[0].get_ydata()[0] == result.threshold
    for line in drawn(level, "suspicion"):
        seen = np.asarray(line.get_ydata())
        assert (line.get_xdata() == result.at_s).all()
        assert (seen == np.minimum(result.suspicion, seen.max(initial=0.0))).all()


def check_tradeoff(fig, result):
    ax = fig.axes[0]
    floor = ax.get_ylim()[0]
    measured = drawn(ax, "measured")
    assert len(measured) == len(result.rows)
    for line, row in zip(measured, result.rows, strict=True):
        inside = row.detection_s <= 3.7
        assert (line.get_xdata() == row.detection_s[inside]).all()
        assert (line.get_ydata() == np.maximum(row.hourly, floor)[inside]).all()
    if len(result.rows) == 1:
        here = drawn(ax, "here")[0]
        assert here.get_xdata()[0] == min(result.rows[0].here[0], 3.7)
        assert here.get_ydata()[0] == max(result.rows[0].here[1], floor)


def check_weather(fig, result):
    for ax, row in zip(fig.axes, result.rows, strict=True):
        false = drawn(ax, "false")[0]
        assert (false.get_xdata() == result.at_s[row.false] / 60).all()
        assert len(drawn(ax, "gaps")[0].get_xdata()) + len(row.false) == len(result.gaps_s)
        line = np.asarray(drawn(ax, "forgiven")[0].get_ydata())
        known = np.isfinite(row.forgiven_s)
        assert (line[known] == np.minimum(row.forgiven_s[known], 2 * ax.get_ylim()[1])).all()
        assert np.isnan(line[~known]).all()


def check_silences(fig, result):
    heard = [t for row in result.rows for t in row.heard_s if t <= result.until_s]
    assert xs(drawn(fig.axes[0], "heard")) == sorted(heard)
    sent = [t for row in result.rows for t in row.sent_s if t <= result.until_s]
    assert xs(drawn(fig.axes[1], "heard") + drawn(fig.axes[1], "lost")) == pytest.approx(sorted(sent))
    assert drawn(fig.axes[0], "now")[0].get_xdata()[0] == result.until_s


CHECKS = {
    Detection: check_detection, Raster: check_raster, TradeOff: check_tradeoff, Weather: check_weather,
    Silences: check_silences,
}  # fmt: skip


# The widget contract


def look(panel, redraws):
    assert panel.error is None, f"{panel.values}: {panel.error!r}"
    assert panel.redraws == redraws, panel.values
    CHECKS[type(panel.result)](panel.figure, panel.result)
    assert eval(panel.code, NAMES) == panel.result, panel.code
    assert panel.board.picture.startswith("<svg") and panel.sentence == summary(panel.result) != ""
    assert len(panel.sentence) < 700 and "nan" not in panel.sentence and " inf" not in panel.sentence


def ends(control):
    spec = control.spec
    return list(spec.options) if isinstance(spec, ChoiceSpec) else [spec.low, spec.high]


@pytest.mark.parametrize("name", WIDGETS)
def test_every_control_at_every_end(name):
    panel, redraws = WIDGETS[name](), 1
    look(panel, redraws)
    for control in panel.controls.values():
        start = control.value
        for value in [*ends(control), start]:
            redraws += control.value is not value and control.value != value
            control.value = value
            look(panel, redraws)


@pytest.mark.parametrize("count", states.COUNTS)
@pytest.mark.parametrize("name", WIDGETS)
def test_random_states(name, count):
    panel, draw = WIDGETS[name](), random.Random(name)
    redraws = panel.redraws
    for _ in range(count):
        control = draw.choice(list(panel.controls.values()))
        spec = control.spec
        options = isinstance(spec, ChoiceSpec)
        value = draw.choice(spec.options) if options else spec.value_at(draw.randint(0, spec.positions))
        redraws += control.value is not value and control.value != value
        control.value = value
        look(panel, redraws)


def test_the_lines_that_the_lesson_shows():
    assert widgets.raster(FixedTimeout, slider(1.1, 5.0, start=1.5, step=0.1)).code == (
        "experiments.raster(FixedTimeout(1.5))"
    )
    assert widgets.raster(PhiAccrual, 3.0).code == "experiments.raster(PhiAccrual(3.0, pause_s=0.0, window=100))"
    assert widgets.tradeoff(Chen, 0.5).code == "experiments.tradeoff(Chen(1.0, 0.5))"
    assert widgets.weather(Adaptive, 6.0).code == "experiments.weather(Adaptive(6.0))"
    assert widgets.detection(slider(1.5, 9.0, start=3.0, step=0.5)).code == "experiments.detection(3.0)"
    assert widgets.silences(18).code == "experiments.silences(18)"


def test_controls_are_called_in_plain_words():
    labels = {
        cls: [control.label for control in widgets.weather(cls, slider(1.1, 9.0, step=0.1)).controls.values()]
        for cls in (FixedTimeout, PhiAccrual, Chen, Adaptive)
    }
    assert list(labels.values()) == [["timeout, seconds"], ["threshold, phi"], ["margin, seconds"], ["k"]]


@pytest.mark.parametrize(
    ("make", "words"),
    [
        (lambda: widgets.raster(FixedTimeout, 1.0), "fails a node 1 s after a beat"),
        (lambda: widgets.raster(FixedTimeout, 0.0), "timeout_s: "),
        (lambda: widgets.raster(FixedTimeout, math.nan), "timeout_s: NaN"),
        (lambda: widgets.raster(FixedTimeout(3.0), 1.5), "give the class itself"),
        (lambda: widgets.raster(PhiAccrual, 0.1), "detector: "),
        (lambda: widgets.raster(dict, 3), "cannot"),
        (lambda: widgets.raster(Open, 3), "Open is not finished yet"),
        (lambda: widgets.weather(Open, 3), "Open is not finished yet"),
        (lambda: widgets.raster(FixedTimeout, 2.0, loss=1.5), "loss: "),
        (lambda: widgets.raster(FixedTimeout, 2.0, nodes=9), "nodes: "),
        (lambda: widgets.tradeoff(Adaptive, 4), "is no FixedTimeout, Chen or PhiAccrual"),
        (lambda: widgets.detection(1.0), "timeout_s: "),
        (lambda: widgets.silences(0), "seconds: "),
    ],
)
def test_what_cannot_be_is_a_sentence_and_no_traceback(make, words, capsys):
    panel = make()
    assert panel.error is not None and panel.sentence.startswith("This cannot be drawn") and words in panel.sentence
    assert "Traceback" not in panel.sentence and capsys.readouterr() == ("", "")


# Pictures


CASES = {
    "detection": lambda: experiments.detection(3.0),
    "detection, long": lambda: experiments.detection(30.0, crashes=50),
    "detection, late": lambda: experiments.detection(1.1, check_s=2.0, delay_s=0.1),
    "raster": lambda: experiments.raster(FixedTimeout(1.5)),
    "raster of one": lambda: experiments.raster(FixedTimeout(1.1), nodes=1, loss=0.3),
    "raster of eight": lambda: experiments.raster(PhiAccrual(), nodes=8, seconds=120),
    "raster, all lost": lambda: experiments.raster(FixedTimeout(3.0), loss=1.0),
    "raster, nobody dies": lambda: experiments.raster(Rise(FixedTimeout(1.5), 3), crash_s=100.0),
    "raster, early death": lambda: experiments.raster(Chen(1.0, 0.5), crash_s=0.0),
    "raster, late death": lambda: experiments.raster(Chen(1.0, 0.5), crash_s=39.5),
    "trade-off": lambda: experiments.tradeoff(FixedTimeout(1.5)),
    "trade-off, nothing lost": lambda: experiments.tradeoff(FixedTimeout(5.5), loss=0.0, beats=1000),
    "trade-off of three": lambda: experiments.tradeoff([FixedTimeout(1.5), Chen(1.0, 0.5), PhiAccrual(8.0)], beats=500),
    "weather": lambda: experiments.weather(FixedTimeout(1.3)),
    "weather of three": lambda: experiments.weather([Adaptive(6), PhiAccrual(), Adaptive(1e9)]),
    "silences, early": lambda: experiments.silences(1),
    "silences": lambda: experiments.silences(18),
    "silences, late": lambda: experiments.silences(60),
}


@pytest.fixture(params=CASES, scope="module")
def result(request):
    return CASES[request.param]()


@pytest.mark.parametrize("prediction", [None, 1e6])
def test_what_is_drawn_is_the_result(result, prediction):
    CHECKS[type(result)](figure(result, prediction), result)


@pytest.mark.parametrize("prediction", [None, 2.5])
def test_texts_are_large_enough_inside_and_apart(result, prediction):
    fig = figure(result, prediction)
    FigureCanvasAgg(fig)
    fig.dpi = 72
    renderer = fig.canvas.get_renderer()
    fig.draw(renderer)
    width, height = fig.get_size_inches() * 72
    found = []
    for text in fig.findobj(Text):
        ax = text.axes
        if not text.get_text().strip() or not text.get_visible() or ax is None:
            continue
        named = ax.xaxis.get_tick_params()["labelbottom"]
        if text in ax.get_xticklabels() and not (named and 0 <= text.get_position()[0] <= ax.get_xlim()[1]):
            continue
        if text in ax.get_yticklabels() and not min(ax.get_ylim()) <= text.get_position()[1] <= max(ax.get_ylim()):
            continue
        assert text.get_fontsize() >= style.FONT_PT
        found.append((text.get_text(), text.get_window_extent(renderer)))
    assert found
    for at, (text, box) in enumerate(found):
        assert box.x0 >= -1 and box.y0 >= -1 and box.x1 <= width + 1 and box.y1 <= height + 1, text
        for other, its in found[at + 1 :]:
            across = min(box.x1, its.x1) - max(box.x0, its.x0)
            along = min(box.y1, its.y1) - max(box.y0, its.y0)
            assert across <= -2 or along <= 3, f"{text!r} overlaps {other!r}"


def test_a_figure_is_used_again_and_the_svg_fits_any_page(result):
    old = figure(experiments.silences(30))
    text = style.svg(figure(result, 3, old))
    assert text == style.svg(figure(result, 3))
    assert "<g id=" not in text and "<style" not in text and len(text) < 250_000
    assert not re.search(r"\d{4}-\d\d-\d\d", text)


def test_a_prediction_stays_on_the_plot_and_is_scored():
    result = experiments.detection(3.0)
    line = drawn(figure(result, 3.0).axes[0], "prediction")[0]
    assert line.get_xdata()[0] == 3.0 and line.get_linestyle() == "--"
    assert summary(result, 3.0).endswith("You said 3: off by 0.50.")
    assert summary(result, 2.5).endswith("You said 2.50: exactly right.")


# Experiments


def test_the_raster_is_what_the_pure_rule_says():
    result = experiments.raster(FixedTimeout(1.5), nodes=1)
    pure = measure(FixedTimeout(1.5), result.heard_s[0], crash_s=result.crash_s)
    assert [start_s for start_s, _ in result.false_s[0]] == pytest.approx(pure.mistake_starts_s.tolist())
    assert result.detection_s == pytest.approx(pure.detection_s)
    assert result.lost == len(result.lost_s[0]) > 0 and result.beats == 33


def test_a_student_sees_the_same_raster_as_lbcore():
    class Same:
        def __init__(self, timeout_s):
            self.seconds = timeout_s

        def heartbeat(self, now_s):
            pass

        def timeout_s(self):
            return self.seconds

    mine, theirs = experiments.raster(Same(1.5), loss=0.0), experiments.raster(FixedTimeout(1.5), loss=0.0)
    assert mine.failed_s == theirs.failed_s and mine.detection_s == theirs.detection_s
    late = mine.at_s > 12.0  # from the eleventh beat on, it is asked
    assert mine.suspicion[late] == pytest.approx(theirs.suspicion[late])


def test_a_students_rule_is_not_changed_and_its_mistakes_are_told():
    rule = Adaptive(4)
    before = copy.deepcopy(vars(rule))
    experiments.weather(rule)
    experiments.raster(rule)
    assert vars(rule) == before

    class Bad(Adaptive):
        answer: object = None

        def timeout_s(self):
            return self.answer if self.answer is not None else 1 / 0

    for answer, words in ((None, "failed with ZeroDivisionError"), ("3", "returned '3'"), (math.nan, "returned nan")):
        bad = Bad(4)
        bad.answer = answer
        with pytest.raises(ValueError, match=words):
            experiments.weather(bad)
    with pytest.raises(TypeError, match="give one made from the class"):
        experiments.raster(Adaptive)
    with pytest.raises(TypeError, match="has no heartbeat"):
        experiments.raster(3)
    assert isinstance(rule_of(rule), Theirs) and rule_of(rule).name == "Adaptive(4)"


@pytest.mark.parametrize(("timeout_s", "loss"), [(1.5, 0.1), (2.4, 0.3), (3.1, 0.2)])
def test_the_staircase_is_the_closed_form(timeout_s, loss):
    """False alarms by lbcore.faults' formula, detection by its own simulation of crashes: four standard errors."""
    row = experiments.tradeoff(FixedTimeout(timeout_s), loss=loss, delay_s=0.0, beats=50_000).rows[0]
    law = fixed_timeout_mistakes(timeout_s, 1.0, loss)
    expected = 50_000 / law.recurrence_s
    assert abs(row.here[1] * 50_000 / 3600 - expected) < 4 * math.sqrt(expected)
    times_s = detection_times_s(FixedTimeout(timeout_s), 4000, interval_s=1.0, loss=loss, warm_up=12, seed=3)
    assert abs(times_s.mean() - _expected_s(timeout_s, loss)) < 4 * times_s.std() / math.sqrt(4000)
    assert row.here[0] == pytest.approx(_expected_s(timeout_s, loss), abs=0.03)


@pytest.mark.parametrize("rule", [FixedTimeout(1.7), Chen(1.0, 0.7), PhiAccrual(2.0, pause_s=0.0)], ids=repr)
def test_false_alarms_of_the_trade_off_are_those_of_the_pure_measurement(rule):
    row = experiments.tradeoff(rule, beats=3000, seed=5).rows[0]
    stream = beats(1.0, 3000, loss=0.1, delay=ExponentialDelay(0.02), seed=5)
    found = measure(rule, stream.arrivals_s, numbers=stream.numbers)
    assert row.here[1] * 3000 / 3600 == pytest.approx(found.mistakes)
    assert (np.diff(row.detection_s) > 0).all() and len(row.hourly) == len(SWEEPS[type(rule)])


def test_no_fixed_value_is_both_and_a_rule_that_measures_follows():
    """The figures that the lesson quotes."""
    found = experiments.weather([FixedTimeout(1.3), FixedTimeout(3.1), PhiAccrual(8.0, pause_s=0.0, window=100)])
    assert [found.alarms(row) for row in found.rows] == [(1, 83), (0, 0), (0, 3)]
    calm_s, storm_s = found.forgiven_s(found.rows[2])
    assert calm_s < 1.6 and storm_s > 3.5
    assert experiments.weather(Adaptive(6)).rows[0].false.size == 2
    calm = found.at_s < 299
    assert found.gaps_s[calm].std() == pytest.approx(CALM.mean_s * math.sqrt(2), rel=0.2)
    assert found.gaps_s[~calm].std() > 10 * found.gaps_s[calm].std() and STORM.mean_s == 1.0


def test_the_figures_that_the_lesson_quotes():
    def alarms(timeout_s):
        return sum(map(len, experiments.raster(FixedTimeout(timeout_s)).false_s))

    assert [alarms(t) for t in (1.1, 1.5, 1.9, 2.1, 3.1)] == [12, 6, 6, 1, 0]
    times_s = experiments.detection(3.0).times_s
    assert times_s.min() >= 2.0 and times_s.max() <= 3.0 and experiments.detection(3.0).expected_s == 2.5
    rows = experiments.tradeoff([FixedTimeout(2.1), Chen(1.0, 1.1), PhiAccrual(8.0, pause_s=0.0)]).rows
    for row in rows:
        steps = [min(abs(math.log(rate / (3600 * 0.9 * 0.1**m))) for m in (1, 2, 3)) for rate in row.hourly[1:]]
        assert max(steps) < 0.4


def test_three_silences_are_one_until_they_end():
    for seconds in range(1, 21):
        rows = experiments.silences(seconds).rows
        heard = [row.heard_s[row.heard_s <= seconds].tolist() for row in rows]
        assert heard[0] == heard[1] == heard[2] and rows[0].failed_s == rows[1].failed_s == rows[2].failed_s
    paused, cut, dead = experiments.silences(30).rows
    assert paused.heard_s.tolist() != cut.heard_s.tolist() and dead.heard_s.max() == 10.0
    assert len(cut.sent_s) == 31 and dead.failed_s[-1][1] == 30.0


@pytest.mark.parametrize("make", CASES, ids=str)
def test_an_experiment_is_a_function_of_its_arguments(make):
    assert CASES[make]() == CASES[make]()
    assert repr(CASES[make]()) == summary(CASES[make]())


# Live


def test_the_live_program_on_both_clocks():
    """On simulated time it is exact; on wall time a slow machine may raise false alarms, and the death is noticed."""
    told = []
    clock = VirtualClock(1)
    found = clock.run(beating, clock, lambda share, result: told.append((share, result)), FixedTimeout(0.8))
    assert found.crash_s == pytest.approx(4.8) and 0.5 < found.detection_s <= 0.85 and not found.live
    assert told[-1][0] == 1.0 and [share for share, _ in told] == sorted(share for share, _ in told)
    for _, so_far in told:
        check_raster(figure(so_far), so_far)
    real = RealClock()
    found = real.run(beating, real, lambda share, result: None, FixedTimeout(0.5), 2, 4.0)
    assert found.live and found.until_s == found.whole_s == 4.0
    assert found.failed_s[0] and summary(found).startswith("On real threads, FixedTimeout(0.5): 2 nodes beat for 4 s")


def test_the_live_widget_runs_stops_and_starts_again():
    live = widgets.live_heartbeats(until_s=2.0)
    assert "press Start" in live.sentence
    live.start()
    live.stop()
    assert live.join(30.0) and live.sentence.startswith("Stopped")
    live.start()
    assert live.join(30.0) and live.error is None
    assert live.sentence.startswith("On real threads") and live.board.picture.startswith("<svg")
