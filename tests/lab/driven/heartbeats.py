"""What the exhibits on heartbeats are driven with, and their numbers read back from their pictures."""

import math

import numpy as np
import pytest

from lbcore.faults import Chen, FixedTimeout, PhiAccrual
from lbcore.lab import choice, detection, fail_open, phi, raster, silences, slider, tradeoff, weather
from lbcore.lab.exhibits.heartbeats.detection import Detection
from lbcore.lab.exhibits.heartbeats.fail_open import FailOpen
from lbcore.lab.exhibits.heartbeats.phi import MOST_PHI, Phi
from lbcore.lab.exhibits.heartbeats.raster import Raster
from lbcore.lab.exhibits.heartbeats.silences import Silences
from lbcore.lab.exhibits.heartbeats.tradeoff import TradeOff
from lbcore.lab.exhibits.heartbeats.weather import Weather


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
    unnoticed = [p for p in level.patches if p.get_gid() == "unnoticed"]
    assert len(unnoticed) == (0 < result.detection_s < math.inf)
    for patch in unnoticed:
        assert (patch.get_x(), patch.get_width()) == pytest.approx((result.crash_s, result.detection_s))
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
    shaded = {p.get_gid(): p.get_x() + p.get_width() for p in fig.axes[1].patches if p.get_gid()}
    if result.until_s > result.from_s:
        assert shaded == {"paused": min(result.back_s, result.until_s), "dead": result.until_s}
    else:
        assert not shaded


def check_phi(fig, result):
    law, level = fig.axes
    values, edges, _ = drawn(law, "gaps")[0].get_data()
    assert values == pytest.approx(100 * np.histogram(result.gaps_s, edges)[0] / len(result.gaps_s))
    here = drawn(level, "here")[0]
    assert (here.get_xdata()[0], here.get_ydata()[0]) == (result.silence_s, min(result.phi(result.silence_s), MOST_PHI))
    line = drawn(level, "measured")[0]
    for at_s, power in list(zip(line.get_xdata(), line.get_ydata(), strict=True))[::100]:
        assert 10**-power == pytest.approx((result.gaps_s >= at_s).mean())
    assert drawn(level, "threshold")[0].get_ydata()[0] == result.threshold
    assert drawn(law, "longer")[0].get_x() == drawn(level, "longer")[0].get_x() == result.silence_s


def check_fail_open(fig, result):
    for ax, scene in zip(fig.axes, result.scenes, strict=True):
        bars = [patch.get_height() for patch in ax.patches if patch.get_gid() == "failed"]
        assert bars == scene.failed.tolist()
        values, edges, _ = drawn(ax, "trusted")[0].get_data()
        assert values.tolist() == scene.trusted.tolist() and edges[:-1].tolist() == scene.at_s.tolist()
        assert drawn(ax, "panic")[0].get_ydata()[0] == result.panic / 10


CHECKS = {
    FailOpen: check_fail_open,
    Phi: check_phi,
    Detection: check_detection,
    Raster: check_raster,
    TradeOff: check_tradeoff,
    Weather: check_weather,
    Silences: check_silences,
}

#: Too long for the line below the picture, which then has the name of the argument.
THREE = [FixedTimeout(1.5), Chen(1.0, 0.5), PhiAccrual(8.0)]
NAMES = {"Adaptive": Adaptive, "detector": THREE}

SEEDS = slider(0, 1000, start=7)
WIDGETS = {
    "detection": lambda: detection(slider(1.1, 30.0, start=3.0, step=0.1), crashes=100, seed=SEEDS),
    "detection with delays": lambda: detection(
        2.0, check_s=slider(0.0, 5.0, step=0.5), delay_s=slider(0.0, 0.2, step=0.01), crashes=100
    ),
    "raster of a fixed timeout": lambda: raster(
        FixedTimeout, slider(1.1, 10.0, start=1.5, step=0.1), loss=slider(0.0, 1.0, start=0.1, step=0.1),
        nodes=slider(1, 8, start=3), seed=SEEDS,
    ),
    "raster of phi": lambda: raster(PhiAccrual, slider(0.5, 300.0, start=3.0, step=0.5)),
    "raster of Chen": lambda: raster(Chen, slider(0.1, 5.0, step=0.1), loss=slider(0.0, 0.9, step=0.1)),
    "raster of mine": lambda: raster(Adaptive, slider(0.0, 20.0, start=4.0, step=0.5)),
    "raster of a rule": lambda: raster(
        choice(FixedTimeout, PhiAccrual, Chen, Adaptive), slider(1.1, 5.0, start=2.0, step=0.1)
    ),
    "raster of what is made": lambda: raster(choice(FixedTimeout(1.5), Chen(1.0, 0.5)), seconds=slider(5, 120)),
    "trade-off of a fixed timeout": lambda: tradeoff(
        FixedTimeout, slider(1.1, 9.0, start=1.5, step=0.1), loss=choice(0.0, 0.1, 0.5), beats=500
    ),
    "trade-off of Chen": lambda: tradeoff(Chen, slider(0.1, 9.0, step=0.1), beats=500),
    "trade-off of phi": lambda: tradeoff(PhiAccrual, slider(0.5, 300.0, start=8.0, step=0.5), beats=500),
    "trade-off of three": lambda: tradeoff(
        THREE, loss=slider(0.0, 0.9, step=0.3), beats=500
    ),
    "weather": lambda: weather(
        choice(FixedTimeout, Chen, PhiAccrual, Adaptive), slider(1.1, 20.0, step=0.1), minutes=2, seed=SEEDS
    ),
    "weather of three": lambda: weather(THREE, minutes=slider(2, 10)),
    "silences": lambda: silences(slider(1, 60, start=18)),
    "phi": lambda: phi(slider(0.0, 60.0, start=1.5, step=0.1), pause_s=slider(0.0, 5.0, step=0.5)),
    "phi of a network": lambda: phi(2.0, loss=slider(0.0, 0.9, start=0.1, step=0.1), seed=SEEDS),
    "fail open": lambda: fail_open(slider(0, 100, step=10)),
}  # fmt: skip

BAD = {
    "raster(FixedTimeout, 1.0)": (lambda: raster(FixedTimeout, 1.0, prediction=1), "detector"),
    "raster(FixedTimeout, 0.0)": (lambda: raster(FixedTimeout, 0.0, prediction=1), "timeout_s"),
    "raster(FixedTimeout, nan)": (lambda: raster(FixedTimeout, math.nan, prediction=1), "timeout_s"),
    "raster(FixedTimeout)": (lambda: raster(FixedTimeout, prediction=1), "detector"),
    "raster(FixedTimeout(3.0), 1.5)": (lambda: raster(FixedTimeout(3.0), 1.5, prediction=1), "threshold"),
    "raster([FixedTimeout(3.0)])": (lambda: raster([FixedTimeout(3.0)], prediction=1), "detector"),
    "raster(PhiAccrual, 0.1)": (lambda: raster(PhiAccrual, 0.1, prediction=1), "detector"),
    "raster(dict, 3)": (lambda: raster(dict, 3, prediction=1), "detector"),
    "raster(3)": (lambda: raster(3, prediction=1), "detector"),
    "raster(loss=1.5)": (lambda: raster(FixedTimeout, 2.0, loss=1.5, prediction=1), "loss"),
    "raster(nodes=9)": (lambda: raster(FixedTimeout, 2.0, nodes=9, prediction=1), "nodes"),
    "raster(seconds=4)": (lambda: raster(FixedTimeout, 2.0, seconds=4, prediction=1), "seconds"),
    "tradeoff(Adaptive, 4)": (lambda: tradeoff(Adaptive, 4, prediction=1), "detector"),
    "tradeoff([])": (lambda: tradeoff([], prediction=1), "detector"),
    "tradeoff([Chen])": (lambda: tradeoff([Chen], prediction=1), "detector"),
    "tradeoff(loss=1.0)": (lambda: tradeoff(FixedTimeout, 2.0, loss=1.0, prediction=1), "loss"),
    "tradeoff(beats=99)": (lambda: tradeoff(FixedTimeout, 2.0, beats=99, prediction=1), "beats"),
    "weather([FixedTimeout(2), Adaptive])": (lambda: weather([FixedTimeout(2), Adaptive], prediction=1), "detector"),
    "weather([Chen], 1.0)": (lambda: weather([Chen], 1.0, prediction=1), "threshold"),
    "weather(minutes=1)": (lambda: weather(FixedTimeout(2), minutes=1, prediction=1), "minutes"),
    "detection(1.0)": (lambda: detection(1.0, prediction=1), "timeout_s"),
    "detection(crashes=0)": (lambda: detection(crashes=0, prediction=1), "crashes"),
    "phi(-1)": (lambda: phi(-1.0, prediction=1), "silence_s"),
    "phi(loss=1.0)": (lambda: phi(loss=1.0, prediction=1), "loss"),
    "phi(threshold=31)": (lambda: phi(threshold=31.0, prediction=1), "threshold"),
    "fail_open(101)": (lambda: fail_open(101, prediction=1), "panic"),
    "silences(0)": (lambda: silences(0, prediction=1), "seconds"),
}
