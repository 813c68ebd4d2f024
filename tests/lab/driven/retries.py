"""What the exhibits on retries are driven with, and their numbers read back from their pictures."""

import math

import numpy as np
import pytest
from matplotlib.patches import StepPatch

from lbcore.lab import amplified, brownout, choice, crowd, push, slider, stampede, storm
from lbcore.lab.exhibits.retries.amplified import Amplified
from lbcore.lab.exhibits.retries.brownout import POLICIES, BrownOut
from lbcore.lab.exhibits.retries.crowd import RULES, Crowd
from lbcore.lab.exhibits.retries.push import FROM_S, Push
from lbcore.lab.exhibits.retries.stampede import Stampede
from lbcore.lab.player.trace import Trace


class Budget:
    """What a student may write in lesson 09."""

    def __init__(self, share):
        self.share, self.requests, self.retries = share, 0, 0

    def sent(self):
        self.requests += 1

    def take(self):
        may = self.retries + 1 <= self.share * self.requests
        self.retries += may
        return may


def steps(ax, gid):
    """Heights and edges of an outline, above its baseline."""
    patch = next(patch for patch in ax.patches if isinstance(patch, StepPatch) and patch.get_gid() == gid)
    values, edges, baseline = patch.get_data()
    return values - (0 if baseline is None else baseline), edges


def check_brownout(fig, result):
    load, good = fig.axes
    assert (steps(load, "first")[0] == result.attempts - result.again).all()
    assert (steps(load, "again")[0] == result.again).all() and (steps(load, "refused")[0] == result.refused).all()
    assert (steps(good, "good")[0] == result.good).all() and (steps(good, "wasted")[0] == result.wasted).all()
    opens = [patch.get_x() for patch in load.patches if patch.get_gid() == "open"]
    assert opens == [time_s for time_s, state in result.states if state == "open"]
    assert len([patch for patch in load.patches if patch.get_gid() == "door"]) == (result.turned_away is not None)
    marks = [line.get_xdata()[0] for line in good.lines if line.get_gid() == "recovery"]
    assert marks == ([] if math.isinf(result.recovery_s) else [result.back_s + result.recovery_s])
    shaded = next(patch for patch in load.patches if patch.get_gid() == "shaded")
    assert (shaded.get_x(), shaded.get_x() + shaded.get_width()) == (result.from_s, result.back_s)
    assert float(result.capacity) in {float(line.get_ydata()[0]) for line in load.lines}
    assert float(result.rate) in {float(line.get_ydata()[0]) for line in good.lines}


def check_amplified(fig, result):
    lines = fig.axes[0].lines
    for gid, rows in (("measured", result.attempts), ("theory", result.theory)):
        drawn = [line.get_ydata() for line in lines if line.get_gid() == gid]
        assert len(drawn) == len(rows) and all((a == b).all() for a, b in zip(drawn, rows, strict=True))


def check_crowd(fig, result):
    assert len(fig.axes) == len(result.rules)
    for ax, calls_s, calls in zip(fig.axes, result.calls_s, result.calls, strict=True):
        values, edges, _ = next(patch for patch in ax.patches if isinstance(patch, StepPatch)).get_data()
        assert len(calls_s) == calls[0] and values.sum() == (calls_s <= edges[-1]).sum()
        assert ((calls_s > edges[-1]).any()) == ("→" in ax.get_title(loc="left"))
        assert len(values) <= 130


def check_push(fig, result):
    load, took = fig.axes
    lines = {line.get_gid(): line for line in (*load.lines, *took.lines)}
    assert set(lines["law"].get_ydata()) == {240, 240 * (1 + result.retries)}
    dots = lines["seconds"].get_ydata().tolist()
    assert dots[:5] == result.attempts[:5].tolist() and len(dots) == 25 - math.ceil(result.lasts_s)
    assert (lines["took"].get_xdata() == result.sent_s).all()
    assert (lines["took"].get_ydata() == np.minimum(result.took_s, 8)).all()
    shade = next(patch for patch in took.patches if patch.get_gid() == "shaded")
    assert (shade.get_x(), shade.get_width()) == (FROM_S, result.lasts_s)


def check_stampede(fig, result):
    for row, ax in enumerate(fig.axes):
        for gid, calls_s in (("first", result.first_s[row]), ("again", result.again_s[row])):
            assert steps(ax, gid)[0].sum() == len(calls_s)


def check_storm(fig, result):
    """What is grey is as long as the clients have been gone when their requests end."""
    grey = [path for one in fig.axes[0].collections if one.get_gid() == "gone" for path in one.get_paths()]
    gone_s = np.maximum(result.hung_up_s, result.arrival_s)
    assert sum(np.ptp(path.vertices[:, 0]) for path in grey) == pytest.approx(np.nansum(result.end_s - gone_s))


CHECKS = {
    BrownOut: check_brownout,
    Amplified: check_amplified,
    Crowd: check_crowd,
    Push: check_push,
    Stampede: check_stampede,
    Trace: check_storm,
}

NAMES = {"Budget": Budget}

WIDGETS = {
    "brownout": lambda: brownout(choice(*POLICIES, start="retry at once"), seconds=30),
    "brownout of a budget": lambda: brownout(
        choice("retry budget", Budget), budget=slider(0, 100, start=10, step=5), seconds=slider(30, 60)
    ),
    "brownout by rate": lambda: brownout(
        rate=slider(1, 400, start=240), retries=slider(0, 4, start=1), seconds=30, seed=slider(0, 99)
    ),
    "brownout with a way out": lambda: brownout(turned_away=slider(0, 100, start=50, step=10), seconds=70),
    "amplified": lambda: amplified(retries=slider(0, 10, start=3), requests=200, seed=slider(0, 99, start=7)),
    "amplified by layers": lambda: amplified(slider(0, 5, start=3), layers=[1, choice(2, 3)], requests=200),
    "amplified in one of them": lambda: amplified(10, layers=choice(1, 2, 3), requests=200),
    "crowd": lambda: crowd(clients=slider(1, 200, start=100)),
    "crowd under a rule": lambda: crowd(choice(*RULES), clients=20, seed=slider(0, 99, start=7)),
    "stampede": lambda: stampede(slider(1, 40, start=10), down_s=slider(0.1, 4.0, start=2.0, step=0.1)),
    "push": lambda: push(slider(0.5, 5.0, start=1.5, step=0.5), seed=slider(0, 99, start=7)),
    "push by retries": lambda: push(2.0, slider(0, 10, start=3)),
    "storm": lambda: storm(slider(0, 3, start=1), seed=slider(0, 99, start=7)),
}

BAD = {
    "brownout('pray')": (lambda: brownout("pray", prediction=1), "policy"),
    "brownout(rate=0)": (lambda: brownout(rate=0, prediction=1), "rate"),
    "brownout(retries=-1)": (lambda: brownout(retries=-1, prediction=1), "retries"),
    "brownout(budget=101)": (lambda: brownout("retry budget", budget=101, prediction=1), "budget"),
    "brownout(turned_away=101)": (lambda: brownout(turned_away=101, seconds=80, prediction=1), "turned_away"),
    "brownout(turned_away=0)": (lambda: brownout(turned_away=0, seconds=59, prediction=1), "seconds"),
    "push(0.4)": (lambda: push(0.4, prediction=1), "lasts_s"),
    "push(retries=11)": (lambda: push(retries=11, prediction=1), "retries"),
    "storm(4)": (lambda: storm(4, prediction=1), "retries"),
    "brownout(seconds=20)": (lambda: brownout(seconds=20, prediction=1), "seconds"),
    "amplified(11)": (lambda: amplified(11, prediction=1), "retries"),
    "amplified(layers=[0])": (lambda: amplified(layers=[0], prediction=1), "layers"),
    "crowd('more jitter')": (lambda: crowd("more jitter", prediction=1), "rules"),
    "crowd([])": (lambda: crowd([], prediction=1), "rules"),
    "crowd(clients=0)": (lambda: crowd(clients=0, prediction=1), "clients"),
    "stampede(0)": (lambda: stampede(0, prediction=1), "clients"),
    "stampede(down_s=0.0)": (lambda: stampede(down_s=0.0, prediction=1), "down_s"),
    "stampede(down_s=9.0)": (lambda: stampede(down_s=9.0, prediction=1), "down_s"),
}
