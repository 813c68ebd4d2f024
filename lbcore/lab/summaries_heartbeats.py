"""The experiments on heartbeats in words."""

import math
from typing import Any

from lbcore.lab.results_heartbeats import Detection, Raster, Silences, TradeOff, Weather
from lbcore.lab.summaries import listed, scored, summary, upper

__all__ = ["alarms", "hourly"]


def alarms(count: int) -> str:
    """no false alarm, 1 false alarm, 2 false alarms."""
    return f"{count:,} false alarm{'s' * (count != 1)}" if count else "no false alarm"


def hourly(rate: float) -> str:
    """A rate an hour: 331, 31, 4.3, 0."""
    return f"{rate:,.0f}" if rate >= 10 or rate == 0 else f"{rate:.1f}" if rate >= 1 else f"{rate:.2f}"


def length(seconds: float) -> str:
    """A length of time in seconds: 3 s, 1.5 s."""
    return f"{seconds:g} s"


@summary.register
def _(result: Detection, prediction: Any = None) -> str:
    times_s = result.times_s
    text = (
        f"seed {result.seed}: a node that beats every {length(result.interval_s)} died {len(times_s):,} times. "
        f"A timeout of {length(result.timeout_s)} noticed after {times_s.mean():.2f} s in the mean "
        f"(theory {result.expected_s:.2f} s), at the soonest after {times_s.min():.2f} s and at the latest after "
        f"{times_s.max():.2f} s."
    )
    return upper(text) + scored(prediction, result.expected_s, 2)


@summary.register
def _(result: Raster, prediction: Any = None) -> str:
    count, spans = len(result.nodes), [span for row in result.false_s for span in row]
    wrong_s = sum(end_s - start_s for start_s, end_s in spans)
    seed = "On real threads" if result.live else f"Seed {result.seed}"
    text = (
        f"{seed}, {result.name}: {count} node{'s' * (count != 1)} beat for {result.until_s:.0f} s, {result.lost} of "
        f"{result.beats} beats were lost. {upper(alarms(len(spans)))}"
    )
    text += f", {wrong_s:.1f} s in all." if spans else "."
    if result.until_s <= result.crash_s:
        return text + f" {result.nodes[0]} is still alive."
    text += f" {result.nodes[0]} died at {result.crash_s:.1f} s"
    if math.isinf(result.detection_s):
        return text + " and is not noticed yet."
    if result.detection_s == 0.0:
        return text + ", while it counted as failed already."
    return text + f" and counted as failed {result.detection_s:.2f} s later."


@summary.register
def _(result: TradeOff, prediction: Any = None) -> str:
    parts = []
    for row in result.rows:
        soon, rate = row.here
        parts.append(f"{row.name} notices a death after {soon:.2f} s, with {hourly(rate)} false alarms an hour")
    text = f"Seed {result.seed}, {100 * result.loss:g} % of the beats lost. In the mean {listed(parts)}."
    if result.missed is not None and len(result.rows) == 1:
        lost = f"{result.missed} lost beat{'s' * (result.missed != 1)} in a row" if result.missed else "no lost beat"
        text += f" It forgives {lost}."
    return text


@summary.register
def _(result: Weather, prediction: Any = None) -> str:
    parts = []
    for row in result.rows:
        calm, storm = result.alarms(row)
        forgiven = [f"{mean_s:.2f} s" if math.isfinite(mean_s) else "any silence" for mean_s in result.forgiven_s(row)]
        parts.append(
            f"{row.name}: {alarms(calm)} in the calm, where it forgives a silence of {forgiven[0]}, "
            f"and {storm:,} in the storm, where it forgives {forgiven[1]}."
        )
    return f"Seed {result.seed}, a node that never died. " + " ".join(parts)


@summary.register
def _(result: Silences, prediction: Any = None) -> str:
    rows = dict(zip("ABC", result.rows, strict=True))
    heard = [f"{int((row.heard_s <= result.until_s).sum())} beats of {name}" for name, row in rows.items()]
    failed = [name for name, row in rows.items() if row.failed_s and row.failed_s[-1][1] >= result.until_s]
    text = f"After {result.until_s:.0f} s the monitor has heard {listed(heard)}; "
    text += f"{listed(failed)} count{'s' * (len(failed) == 1)} as failed. " if failed else "none counts as failed. "
    if result.until_s < result.from_s:
        return text + "All three are well."
    was = "was" if result.until_s >= result.back_s else "is"
    truth = [f"{name} {'is' if row.what == 'dead' else was} {row.what}" for name, row in rows.items()]
    return text + f"In truth {listed(truth)}."
