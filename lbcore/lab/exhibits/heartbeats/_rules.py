"""The rules that the pictures of heartbeats compare: lbcore's, and a student's made to stand beside them."""

import copy
import inspect
import math
from collections.abc import Callable, Mapping
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from lbcore.faults import Chen, Detector, FixedTimeout, PhiAccrual
from lbcore.lab.frame.result import Numbers
from lbcore.lab.student import classes

__all__ = ["THRESHOLDS", "WARM_UP", "Theirs", "called", "label", "made", "replay", "rule_of", "scale_of", "several"]

#: The one number that says where each rule draws its line.
THRESHOLDS: dict[type, str] = {FixedTimeout: "timeout_s", Chen: "margin_s", PhiAccrual: "threshold"}
#: What a control for it is called.
CALLED = {FixedTimeout: "timeout, seconds", Chen: "margin, seconds", PhiAccrual: "threshold, phi"}
#: A student's rule is asked only when it has heard so many gaps.
WARM_UP = 10


def label(detector: Any) -> str:
    """A rule with its threshold, as short as a label must be."""
    if isinstance(detector, Theirs):
        return detector.name
    name = THRESHOLDS.get(type(detector))
    return type(detector).__name__ + (f"({getattr(detector, name):g})" if name else "")


def scale_of(detector: Any) -> str:
    """What its suspicion is measured in."""
    return {PhiAccrual: "phi", Chen: "lateness / margin"}.get(type(detector), "silence / timeout")


def called(arguments: Mapping[str, Any]) -> str:
    """What the threshold is called that these arguments of an exhibit ask for."""
    cls = arguments.get("detector")
    return CALLED.get(cls, "k") if inspect.isclass(cls) else "threshold"


def made(detector: Any, threshold: float | None = None) -> Any:
    """A detector as it is, or one made of a class with the one number that says where its line is.

    Beside that number the lessons give Chen a beat a second, and PhiAccrual no pause that is forgiven in advance.
    """
    if not inspect.isclass(detector):
        if threshold is not None:
            raise TypeError(f"threshold: {detector!r} has one; give the class itself, not one made from it")
        return detector
    name = detector.__name__
    if threshold is None:
        raise TypeError(f"detector: give one made from the class, such as {name}(3), or the class and its threshold")
    if not callable(getattr(detector, "heartbeat", None)):
        raise TypeError(f"detector: {name} has no heartbeat(now_s) and timeout_s()")
    if detector is PhiAccrual:
        return PhiAccrual(threshold, pause_s=0.0, window=100)
    cls: Any = detector
    return Chen(1.0, threshold) if cls is Chen else cls(threshold)


def several(detector: Any, threshold: float | None = None) -> list[Any]:
    """A detector as `made` makes it, or each of a list of them."""
    one = threshold is not None or not isinstance(detector, (list, tuple))
    rules = [made(detector, threshold)] if one else [made(each) for each in detector]
    if not rules:
        raise ValueError("detector: give at least one")
    return rules


def rule_of(detector: Any) -> Detector:
    """A detector of lbcore's as it is, and a student's object so that it can stand where they stand."""
    if isinstance(detector, Detector):
        return detector
    if callable(getattr(detector, "heartbeat", None)) and callable(getattr(detector, "timeout_s", None)):
        return Theirs(detector)
    raise TypeError(f"detector: {classes.name_of(detector)} has no heartbeat(now_s) and timeout_s()")


class Theirs:
    """A student's rule as a detector: it is told of each beat, and after it asked how long a silence is forgiven."""

    threshold = 1.0

    def __init__(self, given: Any):
        self._given, self._mine = given, copy.deepcopy(given)
        self._heard, self._last_s, self._timeout_s = 0, -math.inf, math.inf
        k = getattr(given, "k", None)
        self.name = classes.name_of(given) + (f"({k:g})" if isinstance(k, (int, float)) else "")

    def __repr__(self) -> str:
        return self.name

    @property
    def deadline_s(self) -> float:
        """When the node counts as failed; never before ten gaps have been heard."""
        return self._last_s + self._timeout_s

    def heartbeat(self, now_s: float, number: int | None = None) -> None:
        """Tell the student's rule, and ask it."""
        who = classes.name_of(self._given)
        self._ask(f"{who}.heartbeat({now_s:.2f})", self._mine.heartbeat, now_s)
        self._heard, self._last_s = self._heard + 1, now_s
        if self._heard > WARM_UP:
            answer = self._ask(f"{who}.timeout_s()", self._mine.timeout_s)
            if isinstance(answer, (bool, np.bool_)) or not isinstance(answer, (int, float, np.number)):
                raise classes.StudentError(f"{who}.timeout_s() returned {answer!r}; it must return seconds")
            if not math.isfinite(answer):
                raise classes.StudentError(f"{who}.timeout_s() returned {answer!r}, which is no number of seconds")
            self._timeout_s = float(answer)

    def _ask(self, what: str, call: Callable[..., Any], *arguments: Any) -> Any:
        try:
            answer = call(*arguments)
        except Exception as error:
            if "ellipsis" in str(error):
                raise classes.StudentError(classes.unfinished(classes.name_of(self._given))) from error
            raise classes.StudentError(f"{what} failed with {type(error).__name__}: {error}") from error
        if answer is Ellipsis:
            raise classes.StudentError(classes.unfinished(classes.name_of(self._given)))
        return answer

    def suspicion(self, now_s: float) -> float:
        """The silence so far, as a share of what is forgiven."""
        silence_s = max(0.0, now_s - self._last_s)
        if self._timeout_s <= 0.0:
            return 1.0
        return silence_s / self._timeout_s if self._timeout_s < math.inf else 0.0

    def failed(self, now_s: float) -> bool:
        """Whether more than that has passed."""
        return now_s >= self.deadline_s

    def fresh(self) -> Self:
        """The same rule as it was given."""
        return type(self)(self._given)


def replay(detector: Detector, arrivals_s: Numbers, numbers: NDArray[np.int64]) -> tuple[Numbers, Any]:
    """The deadline after each arrival, and whether the next one came after it."""
    rule = detector.fresh()
    deadlines_s = np.empty(len(arrivals_s))
    for i, (now_s, beat) in enumerate(zip(arrivals_s.tolist(), numbers.tolist(), strict=True)):
        rule.heartbeat(now_s, beat)
        deadlines_s[i] = rule.deadline_s
    late = np.append(arrivals_s[1:] > deadlines_s[:-1], False)
    return deadlines_s, late
