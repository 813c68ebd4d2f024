"""What an exhibit found: a small frozen record, which shows itself as a picture with its sentence."""

from dataclasses import fields
from typing import Any

import numpy as np
from matplotlib.figure import Figure
from numpy.typing import NDArray

from lbcore.lab.frame import still
from lbcore.lab.frame.words import Guess

__all__ = ["Counts", "Numbers", "Result"]

Counts = NDArray[np.int64]
Numbers = NDArray[np.float64]


def _same(a: Any, b: Any) -> bool:
    if isinstance(a, tuple) and isinstance(b, tuple):
        return len(a) == len(b) and all(_same(x, y) for x, y in zip(a, b, strict=True))
    if isinstance(a, np.ndarray) or isinstance(b, np.ndarray):
        floats = all(np.asarray(one).dtype.kind == "f" for one in (a, b))
        return np.array_equal(a, b, equal_nan=floats)  # NaN is what never happened, in both
    return bool(a == b)


class Result:
    """The base of every record (a frozen dataclass with eq=False and repr=False): equal when every field is.

    A record that is shown has `sentence` and `draw`; a part of one has neither.
    """

    #: What a student's class has printed meanwhile: how much, as a sentence to add.
    printed = ""

    def sentence(self, prediction: Guess | None = None) -> str:
        """What came out, in one to three plain sentences; a prediction is scored in the last."""
        raise TypeError(f"result: there is no sentence on a {type(self).__name__}")

    def draw(self, fig: Figure, prediction: Guess | None = None) -> None:
        """Draw what came out on an empty figure, with the prediction in it."""
        raise TypeError(f"result: there is no picture of a {type(self).__name__}")

    def caption(self, sentence: str) -> str:
        """What stands below the picture: the sentence, without what everybody who sees the picture reads in it."""
        return sentence

    def __eq__(self, other: object) -> bool:
        if type(other) is not type(self):
            return NotImplemented
        return all(_same(getattr(self, f.name), getattr(other, f.name)) for f in fields(self))  # type: ignore[arg-type]

    __hash__ = None  # type: ignore[assignment]

    def __repr__(self) -> str:
        return self.sentence() + self.printed

    def _repr_mimebundle_(self, **_: Any) -> dict[str, str]:
        return still.bundle(self)
