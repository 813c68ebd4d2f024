"""Lesson 07's exhibits against closed forms, the pure rules and simulations of crashes."""

import copy
import math
from statistics import NormalDist

import numpy as np
import pytest
from driven.heartbeats import CHECKS, Adaptive, check_raster, drawn
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.text import Text

from lbcore.faults import Chen, ExponentialDelay, FixedTimeout, PhiAccrual, RealClock, Rise, VirtualClock
from lbcore.faults.quality import beats, detection_times_s, fixed_timeout_mistakes, measure
from lbcore.lab import detection, fail_open, live_heartbeats, phi, raster, silences, slider, tradeoff, weather
from lbcore.lab.exhibits.heartbeats._rules import Theirs, rule_of
from lbcore.lab.exhibits.heartbeats.live_heartbeats import beating
from lbcore.lab.exhibits.heartbeats.tradeoff import SWEEPS, _expected_s, _hourly
from lbcore.lab.exhibits.heartbeats.weather import CALM, STORM
from lbcore.lab.frame import style
from lbcore.lab.frame.still import figure
from lbcore.lab.frame.words import Guess


def test_the_lines_that_the_lesson_shows():
    assert raster(FixedTimeout, slider(1.1, 5.0, start=1.5, step=0.1)).code == "raster(FixedTimeout, 1.5)"
    assert tradeoff(Chen, slider(0.5, 3.0, step=0.5), beats=100).code == "tradeoff(Chen, 0.5, beats=100)"
    assert weather(Adaptive, slider(1.0, 9.0, start=6.0, step=0.5)).code == "weather(Adaptive, 6.0)"
    assert detection(slider(1.5, 9.0, start=3.0, step=0.5)).code == "detection(3.0)"
    assert silences(slider(5, 30, start=18)).code == "silences(18)"


def test_controls_are_called_in_plain_words():
    for cls, wanted in (
        (FixedTimeout, "timeout, seconds"),
        (PhiAccrual, "threshold, phi"),
        (Chen, "margin, seconds"),
        (Adaptive, "k"),
    ):
        panel = weather(cls, slider(1.1, 9.0, step=0.1), minutes=2)
        assert [control.label for control in panel.controls.values()] == [wanted]
    panel = raster(FixedTimeout, 2.0, loss=slider(0.0, 0.5, step=0.1))
    assert [control.label for control in panel.controls.values()] == ["share of beats lost"]


def test_a_class_is_made_as_the_lesson_makes_it():
    assert raster(PhiAccrual, 3.0) == raster(PhiAccrual(3.0, pause_s=0.0, window=100))
    assert weather(Chen, 0.5) == weather(Chen(1.0, 0.5))
    assert tradeoff(FixedTimeout, 1.5, beats=200) == tradeoff([FixedTimeout(1.5)], beats=200)


def test_a_prediction_stays_on_the_plot_and_is_scored():
    result = detection(3.0)
    line = drawn(figure(result, 3.0).axes[0], "prediction")[0]
    assert line.get_xdata()[0] == 3.0 and line.get_linestyle() == "--"
    assert result.sentence(Guess(3, "")).endswith("You said 3: off by 0.50.")
    assert result.sentence(Guess(2.5, "")).endswith("You said 2.50: exactly right.")


CASES = {
    "detection, long": lambda: detection(30.0, crashes=50),
    "detection, late": lambda: detection(1.1, check_s=2.0, delay_s=0.1),
    "raster": lambda: raster(FixedTimeout(1.5)),
    "raster of eight": lambda: raster(PhiAccrual(), nodes=8, seconds=120),
    "raster, all lost": lambda: raster(FixedTimeout(3.0), loss=1.0),
    "raster, nobody dies": lambda: raster(Rise(FixedTimeout(1.5), 3), crash_s=100.0),
    "raster, early death": lambda: raster(Chen(1.0, 0.5), crash_s=0.0),
    "raster, late death": lambda: raster(Chen(1.0, 0.5), crash_s=39.5),
    "trade-off": lambda: tradeoff(FixedTimeout(1.5), beats=1000),
    "trade-off, nothing lost": lambda: tradeoff(FixedTimeout(5.5), loss=0.0, beats=1000),
    "trade-off of three": lambda: tradeoff([FixedTimeout(1.5), Chen(1.0, 0.5), PhiAccrual(8.0)], beats=500),
    "weather": lambda: weather(FixedTimeout(1.3)),
    "weather of three": lambda: weather([Adaptive(6), PhiAccrual(), Adaptive(1e9)]),
    "phi": lambda: phi(),
    "phi, nothing lost": lambda: phi(60.0, loss=0.0),
    "phi, at once": lambda: phi(0.0, loss=0.9, pause_s=60.0),
    "fail open": lambda: fail_open(50),
    "fail closed": lambda: fail_open(0),
    "always open": lambda: fail_open(100),
    "silences, early": lambda: silences(1),
    "silences": lambda: silences(18),
    "silences, late": lambda: silences(60),
}


@pytest.mark.parametrize("case", CASES)
def test_extremes_are_drawn_as_they_are_and_texts_are_apart(case):
    result = CASES[case]()
    assert CASES[case]() == result
    for prediction in (0, 1e6):
        CHECKS[type(result)](figure(result, prediction), result)
    fig = figure(result, 5.9)
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
        shown = ax.xaxis.get_tick_params()["labelbottom"]
        if text in ax.get_xticklabels() and not (shown and 0 <= text.get_position()[0] <= ax.get_xlim()[1]):
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


def test_the_raster_is_what_the_pure_rule_says():
    result = raster(FixedTimeout(1.5), nodes=1)
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

    mine, theirs = raster(Same(1.5), loss=0.0), raster(FixedTimeout(1.5), loss=0.0)
    assert mine.failed_s == theirs.failed_s and mine.detection_s == theirs.detection_s
    late = mine.at_s > 12.0  # from the eleventh beat on, it is asked
    assert mine.suspicion[late] == pytest.approx(theirs.suspicion[late])


def test_a_students_rule_is_not_changed_and_its_mistakes_are_told():
    rule = Adaptive(4)
    before = copy.deepcopy(vars(rule))
    weather(rule)
    raster(rule)
    assert vars(rule) == before
    assert isinstance(rule_of(rule), Theirs) and rule_of(rule).name == "Adaptive(4)"

    class Bad(Adaptive):
        answer: object = None

        def timeout_s(self):
            return self.answer if self.answer is not None else 1 / 0

    for answer, words in (
        (None, "failed with ZeroDivisionError"),
        ("3", "returned '3'"),
        (math.nan, "returned nan"),
        (..., "Bad is not finished yet"),
    ):
        bad = Bad(4)
        bad.answer = answer
        with pytest.raises(ValueError, match=words):
            weather(bad)
        assert words in raster(bad, prediction=1).sentence


@pytest.mark.parametrize(("timeout_s", "loss"), [(1.5, 0.1), (2.4, 0.3), (3.1, 0.2)])
def test_the_staircase_is_the_closed_form(timeout_s, loss):
    """False alarms by lbcore.faults' formula, detection by its own simulation of crashes: four standard errors."""
    row = tradeoff(FixedTimeout(timeout_s), loss=loss, delay_s=0.0, beats=20_000).rows[0]
    law = fixed_timeout_mistakes(timeout_s, 1.0, loss)
    expected = 20_000 / law.recurrence_s
    assert abs(row.here[1] * 20_000 / 3600 - expected) < 4 * math.sqrt(expected)
    times_s = detection_times_s(FixedTimeout(timeout_s), 4000, interval_s=1.0, loss=loss, warm_up=12, seed=3)
    assert abs(times_s.mean() - _expected_s(timeout_s, loss)) < 4 * times_s.std() / math.sqrt(4000)
    assert row.here[0] == pytest.approx(_expected_s(timeout_s, loss), abs=0.03)


@pytest.mark.parametrize("rule", [FixedTimeout(1.7), Chen(1.0, 0.7), PhiAccrual(2.0, pause_s=0.0)], ids=repr)
def test_false_alarms_of_the_trade_off_are_those_of_the_pure_measurement(rule):
    row = tradeoff(rule, beats=3000, seed=5).rows[0]
    stream = beats(1.0, 3000, loss=0.1, delay=ExponentialDelay(0.05), seed=5)
    found = measure(rule, stream.arrivals_s, numbers=stream.numbers)
    assert row.here[1] * 3000 / 3600 == pytest.approx(found.mistakes)
    assert (np.diff(row.detection_s) > 0).all() and len(row.hourly) == len(SWEEPS[type(rule)])


def test_no_fixed_value_is_both_and_a_rule_that_measures_follows():
    """A gap belongs to the weather in which it ends: what is late is late in the storm."""
    found = weather([FixedTimeout(1.3), FixedTimeout(3.1), PhiAccrual(8.0, pause_s=0.0, window=100)])
    assert [found.alarms(row) for row in found.rows] == [(0, 84), (0, 0), (0, 3)]
    calm_s, storm_s = found.forgiven_s(found.rows[2])
    assert calm_s < 1.6 and storm_s > 3.5
    assert weather(Adaptive(6)).rows[0].false.size == 2
    calm = found.at_s < 299
    assert found.gaps_s[calm].std() == pytest.approx(CALM.mean_s * math.sqrt(2), rel=0.2)
    assert found.gaps_s[~calm].std() > 10 * found.gaps_s[calm].std() and STORM.mean_s == 1.0


@pytest.mark.parametrize(("loss", "delay_s"), [(0.1, 0.05), (0.3, 0.0), (0.0, 0.05)])
def test_the_law_of_false_alarms_knows_loss_and_lateness(loss, delay_s):
    """Against the closed form where nothing is late, and against a stream of beats where it is."""
    for timeout_s in (1.1, 1.5, 2.05, 3.2):
        law = _hourly(timeout_s, loss, delay_s)
        if not delay_s:
            assert law == pytest.approx(3600 / fixed_timeout_mistakes(timeout_s, 1.0, loss).recurrence_s)
            continue
        stream = beats(1.0, 400_000, loss=loss, delay=ExponentialDelay(delay_s), seed=3)
        count = int((np.diff(stream.arrivals_s) >= timeout_s).sum())
        assert abs(count - law * 400_000 / 3600) < 4 * math.sqrt(law * 400_000 / 3600) + 1


def test_a_step_forgives_as_many_beats_as_fit():
    """A gap with m lost beats lasts m + 1 intervals, and a silence as long as the timeout has failed."""
    for timeout_s, forgiven in ((1.1, 0), (1.9, 0), (2.0, 0), (2.1, 1), (3.0, 1), (3.1, 2)):
        assert tradeoff(FixedTimeout(timeout_s), beats=100).missed == forgiven


def test_phi_is_the_share_of_the_curve_beyond_the_silence():
    """Against the normal law of Python's own library; Akka's approximation is off by some per cent far out."""
    result = phi(2.0)
    beyond = 1 - NormalDist(result.mean_s, result.sd_s).cdf(2.0)
    assert 10 ** -result.phi(2.0) == pytest.approx(beyond, rel=0.05)
    assert result.as_long == sum(gap >= 2.0 for gap in result.gaps_s.tolist())
    for pause_s in (0.0, 3.0):
        other = phi(2.0, pause_s=pause_s)
        assert other.phi(other.fails_s) == pytest.approx(8.0, abs=0.01)
        assert other.fails_s == pytest.approx(result.fails_s + pause_s)


def test_who_panics_sends_to_all():
    cut, died = fail_open(0).scenes
    assert cut.trusted.min() == 0 and cut.trusted[-1] == 10 and died.trusted[-1] == 7
    # All down from 2.5 s after the last beats until the link is there again, in each tenth of a second.
    assert cut.failed.sum() == 56 and cut.failed[13:18].tolist() == [10] * 5
    cut, died = fail_open(80).scenes
    assert cut.failed.sum() == 0 and died.failed[13:].tolist() == [3] * 17


def test_three_silences_are_one_until_they_end():
    for seconds in (1, 10, 11, 14, 20):
        rows = silences(seconds).rows
        heard = [row.heard_s[row.heard_s <= seconds].tolist() for row in rows]
        assert heard[0] == heard[1] == heard[2] and rows[0].failed_s == rows[1].failed_s == rows[2].failed_s
    paused, cut, dead = silences(30).rows
    assert paused.heard_s.tolist() != cut.heard_s.tolist() and dead.heard_s.max() == 10.0
    assert len(cut.sent_s) == 31 and dead.failed_s[-1][1] == 30.0


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
    assert found.failed_s[0] and str(found).startswith("On real threads, FixedTimeout(0.5): 2 nodes beat for 4 s")


def test_the_live_widget_runs_stops_and_starts_again():
    live = live_heartbeats(until_s=2.0)
    assert "press Start" in live.sentence
    live.start()
    live.stop()
    assert live.join(30.0) and live.sentence.startswith("Stopped")
    live.start()
    assert live.join(30.0) and live.error is None
    assert live.sentence.startswith("On real threads") and live.board.picture.startswith("<svg")
