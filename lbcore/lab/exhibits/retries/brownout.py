"""A service through a brown-out: the load on it, and whom it works for, whatever its clients and it do."""

import inspect
import math
from dataclasses import dataclass
from typing import Any, Self

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from lbcore.faults import BreakerState, CircuitBreaker, Exponential, FixedWait, FullJitter, RetryBudget, Wait
from lbcore.lab.exhibits.retries._metastable import Drop, metastable
from lbcore.lab.exhibits.retries._shaded import PALE, shaded
from lbcore.lab.frame import style
from lbcore.lab.frame.drawing import guessed, height
from lbcore.lab.frame.exhibit import exhibit
from lbcore.lab.frame.inputs import number
from lbcore.lab.frame.result import Counts, Result
from lbcore.lab.frame.words import Guess, scored, upper
from lbcore.lab.student.asking import answer
from lbcore.lab.student.classes import StudentError, unfinished

#: What may be done with a request that got no answer, and the pause before it is sent again.
POLICIES: dict[str, Wait] = {
    "give up": FixedWait(),
    "retry at once": FixedWait(),
    "backoff": Exponential(1.0, 8.0),
    "backoff and jitter": FullJitter(1.0, 8.0),
    "retry budget": FullJitter(1.0, 8.0),
    "circuit breaker": FullJitter(1.0, 8.0),
    "drop what waited 1 s": FixedWait(),
    "drop what would end too late": FixedWait(),
}
#: What the service itself does, where its clients send again at once.
DROPS: dict[str, Drop] = {"drop what waited 1 s": "waited", "drop what would end too late": "hopeless"}
CAPACITY, LOW, FROM_S, BACK_S = 300, 100, 10.0, 15.0
#: When somebody restarts the service, and for how long users are turned away from then on.
RESTART_S, DOOR_S = 40.0, 10.0
#: Retries among first attempts.
AGAIN = style.STRONG


@dataclass(frozen=True, eq=False, repr=False)
class BrownOut(Result):
    """A service through a brown-out: what it was asked, and what it answered in time, in each second."""

    policy: str
    rate: int
    allowed: int  # retries of one request
    budget: int | None  # in per cent of the requests; None where retries have none
    states: tuple[tuple[float, str], ...]  # of a breaker: from when on it is in which
    turned_away: int | None  # in per cent of the users; None where nobody restarts the service
    capacity: int
    low: int  # the capacity in the brown-out
    from_s: float
    back_s: float
    offered: Counts
    attempts: Counts
    again: Counts  # those of them that were retries
    good: Counts
    wasted: Counts  # finished, and too late
    refused: Counts
    recovery_s: float  # after the end of the brown-out; infinity where it did not recover
    seed: int

    @property
    def retries(self) -> int:
        """How often the policy sends a request again at most."""
        return 0 if self.policy == "give up" else self.allowed

    @property
    def asked(self) -> float:
        """Attempts a second while every one of them fails: rate x (1 + min(retries, budget))."""
        return self.rate * (1 + min(self.retries, self.retries if self.budget is None else self.budget / 100))

    @property
    def last_good(self) -> float:
        """Requests answered in time, a second, in the last ten."""
        return float(self.good[-10:].mean())

    def sentence(self, prediction: Guess | None = None) -> str:
        """What came out."""
        after_s = len(self.good) - self.back_s
        text = f"seed {self.seed}, {self.policy}{self._drawn}. "
        if self.turned_away is not None:
            rate = self.rate * (1 - self.turned_away / 100)
            text += (
                f"At {RESTART_S:g} s it is restarted, and for {DOOR_S:g} s turns {self.turned_away} % of the users "
                f"away: the others ask for {rate:,.0f} x {1 + self.retries} = {rate * (1 + self.retries):,.0f}. "
            )
        elif self.retries and not self.states and self.policy not in DROPS:
            each = "" if self.budget is None else f"{self.budget / 100:g}"
            retries = f"min({self.retries}, {each})" if each else str(self.retries)
            text += (
                f"While all of them fail it is asked for {self.rate:,} x (1 + {retries}) = {self.asked:,.0f} a second. "
            )
        elif refused := int(self.refused.sum()):
            text += f"The breaker kept {refused:,} attempts back. "
        late = float(self.wasted[-10:].mean())
        gone = f", and {late:,.0f} for clients that had gone" if late else ""
        text += f"In the last ten seconds it answered {self.last_good:,.0f} a second in time{gone}: "
        if math.isinf(self.recovery_s):
            text += f"{after_s:,.0f} s after the brown-out it has not recovered."
        elif self.recovery_s == 0:
            text += "it was well again as soon as the brown-out was over."
        else:
            text += f"it recovered {self.recovery_s:,.0f} s after the brown-out."
        return upper(text) + scored(prediction, self.last_good)

    @property
    def _drawn(self) -> str:
        return f", {self.rate:,} requests a second, capacity {self.capacity:,}"

    def caption(self, sentence: str) -> str:
        """Rate and capacity are lines in the picture."""
        return sentence.replace(self._drawn, "")

    def draw(self, fig: Figure, prediction: Guess | None = None) -> None:
        """The load on the service above, of the same height for each policy, and for whom it works below."""
        style.blank(400, fig)
        grid = {"hspace": 0.42, "height_ratios": (3, 2)}
        load, good = style.place(fig, 2, 1, top=48, sharex=True, gridspec_kw=grid)[:, 0]
        edges = np.arange(len(self.good) + 1)
        # The same height whatever the policy, so that two of them can be compared.
        most = max(1.15 * self.rate * (1 + self.allowed), 1.25 * self.capacity)
        height(load, None, most, self.attempts + self.refused)
        said = None if prediction is None else prediction[0]
        height(good, said, self.good + self.wasted, self.rate, self.capacity)
        bars = {"fill": True, "linewidth": 0, "zorder": 2}
        first, kept = self.attempts - self.again, self.attempts + self.refused
        load.stairs(first, edges, color=style.NEUTRAL, gid="first", **bars)
        load.stairs(self.attempts, edges, baseline=first, color=AGAIN, gid="again", **bars)
        load.stairs(kept, edges, baseline=self.attempts, color=PALE, gid="refused", **bars)
        good.stairs(self.good, edges, color=style.NEUTRAL, gid="good", **bars)
        done = self.good + self.wasted
        good.stairs(done, edges, baseline=self.good, color=PALE, gid="wasted", **bars)
        labels = [(float(self.capacity), f"capacity {self.capacity}", style.INK)]
        # A white edge, since the line crosses dark bars.
        load.axhline(self.capacity, color=style.PAPER, linewidth=3.0, zorder=2.5)
        style.line(load, self.capacity)
        style.edge_labels(load, labels)
        labels = [(float(self.rate), f"offered {self.rate}", style.MUTED)]
        guessed(good, said, prediction, labels)
        good.axhline(self.rate, color=style.MUTED, linewidth=1.2, linestyle=(0, (3, 2)), zorder=3)
        style.edge_labels(good, labels)
        shaded(load, self.from_s, self.back_s, "brown-out")
        shaded(good, self.from_s, self.back_s, "")
        self._news(load)
        if math.isfinite(self.recovery_s):
            at = self.back_s + self.recovery_s
            good.axvline(at, color=style.INK, linewidth=1.0, linestyle=(0, (1, 1.5)), zorder=4, gid="recovery")
        verdict = "not recovered" if math.isinf(self.recovery_s) else f"recovered after {self.recovery_s:,.0f} s"
        shades = "; on top: retries" if self.again.any() else ""
        shades += "; faint: refused" if self.refused.any() else ""
        style.count_axis(load, "", 5)
        load.set_title(f"attempts, each second{shades}", pad=20)
        late = "; faint: too late" if self.wasted.any() else ""
        style.count_axis(good, f"finished, each second{late}; {verdict}", 5)
        load.set_xlim(0, len(self.good))
        good.set_xlabel("seconds")

    def _news(self, load: Axes) -> None:
        """What a breaker or an operator does, written where it happens."""
        ends_s = [*(time_s for time_s, _ in self.states), float(len(self.good))][1:] if self.states else []
        top = load.get_ylim()[1]
        for (from_s, state), until_s in zip(self.states, ends_s, strict=True):
            if state == BreakerState.OPEN:
                load.axvspan(from_s, until_s, facecolor=style.WINDOW, linewidth=0, zorder=0.5, gid="open")
            if state == BreakerState.HALF_OPEN:
                load.axvline(from_s, color=style.WARNING, linewidth=1.2, zorder=4, gid="half-open")
                said = "shaded: open; line: half-open, then closed"
                load.text(until_s + 0.6, top * 0.93, said, color=style.WARNING, va="center")
        if self.turned_away is not None:
            load.axvspan(RESTART_S, RESTART_S + DOOR_S, facecolor=style.WINDOW, linewidth=0, zorder=0.5, gid="door")
            load.axvline(RESTART_S, color=style.WARNING, linewidth=1.2, zorder=4)
            load.text(RESTART_S + 0.5, top * 0.93, "restart", color=style.WARNING, va="center")


@exhibit(
    called={
        "retries": "retries allowed",
        "budget": "retry budget, % of the requests",
        "turned_away": "users turned away for ten seconds, %",
    },
    truth=lambda result, _: result.last_good,
    seeds=5,
)
def brownout(
    policy: Any = "retry at once",
    rate: int = 240,
    retries: int = 3,
    *,
    budget: int = 10,
    turned_away: int | None = None,
    seconds: int = 60,
    seed: int = 7,
) -> BrownOut:
    """A service that can do 300 requests a second; from 10 to 15 s only 100. Who waits for 1 s does `policy`.

    policy: one of POLICIES, or a class of a student's with `sent()` and `take()`. rate: requests a second. retries:
    how often one may be sent again. budget: retries in per cent of the requests, for the two policies with a budget.
    turned_away: at 40 s the service is restarted, which loses its queue, and for ten seconds so many per cent of the
    users are told to come another day; None: nobody does anything.
    """
    rate, retries = number("rate", rate, 1, 1_000), number("retries", retries, 0, 10)
    budget, seconds = number("budget", budget, 0, 100), number("seconds", seconds, 30, 600)
    seed = number("seed", seed, 0, 2**63)
    if turned_away is not None:
        turned_away = number("turned_away", turned_away, 0, 100)
        if seconds < RESTART_S + 2 * DOOR_S:
            raise ValueError(f"seconds: {seconds} end before it is seen what came of the restart at {RESTART_S:g} s")
    theirs = inspect.isclass(policy)
    name = policy.__name__ if theirs else policy
    if not theirs and policy not in POLICIES:
        raise ValueError(f"policy: {policy!r} is none of {', '.join(POLICIES)}")
    limited = theirs or policy == "retry budget"
    found = metastable(
        rate,
        0 if policy == "give up" else retries,
        wait=POLICIES["retry budget" if theirs else policy],
        budget=_Theirs(policy, budget / 100) if theirs else RetryBudget(budget / 100, per_s=0) if limited else None,
        breaker=CircuitBreaker(open_s=5.0) if policy == "circuit breaker" else None,
        drop=None if theirs else DROPS.get(policy),
        restart_s=math.inf if turned_away is None else RESTART_S,
        turned_away=(turned_away or 0) / 100,
        door_s=DOOR_S,
        capacity_per_s=CAPACITY,
        outage_from_s=FROM_S,
        outage_s=BACK_S - FROM_S,
        outage_capacity_per_s=LOW,
        until_s=seconds,
        seed=seed,
    )
    return BrownOut(
        name,
        rate,
        retries,
        budget if limited else None,
        tuple((time_s, str(state)) for time_s, state in found.states),
        turned_away,
        CAPACITY,
        LOW,
        FROM_S,
        BACK_S,
        found.offered,
        found.attempts,
        found.again,
        found.good,
        found.wasted,
        found.refused,
        found.recovery_s,
        seed,
    )


class _Theirs:
    """A student's class as a budget: told of each request, asked for each retry, and never shown the time."""

    def __init__(self, cls: Any, share: float) -> None:
        self.cls, self.share, self.name = cls, share, cls.__name__
        self.mine = answer(self.name, f"{self.name}({share})", cls, share)

    def sent(self, now_s: float) -> None:
        answer(self.name, f"{self.name}.sent()", lambda: self.mine.sent())

    def take(self, now_s: float) -> bool:
        may = answer(self.name, f"{self.name}.take()", lambda: self.mine.take())
        if isinstance(may, (bool, np.bool_)):
            return bool(may)
        if may is None and "..." in _source(self.cls):
            raise StudentError(unfinished(self.name))
        raise StudentError(f"{self.name}.take() returned {may!r}; it must return True or False")

    def succeeded(self, now_s: float) -> None:
        """Changes nothing."""

    def failed(self, now_s: float) -> None:
        """Changes nothing."""

    def fresh(self) -> Self:
        return type(self)(self.cls, self.share)


def _source(cls: Any) -> str:
    try:
        return inspect.getsource(cls)
    except (OSError, TypeError):
        return ""
