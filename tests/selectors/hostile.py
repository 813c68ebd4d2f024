"""Hostile values for any argument: out of range, of another kind, or of a class that lies about itself."""

from typing import Any

import numpy as np


class Late(Exception):
    """What a clock raises."""


class Clock:
    """A clock that shows what it is told to, and knows what has been believed of it."""

    value: Any = 0.0
    told = 0.0

    def __call__(self) -> Any:
        if self.value is Late:
            raise Late
        if isinstance(self.value, float):
            self.told = max(self.told, self.value)
        return self.value

    def __reduce__(self) -> str:
        return "CLOCK"  # a pickle of it is the same clock


CLOCK = Clock()


class Text(str):
    """Equal to nothing, and without a hash."""

    __hash__ = None  # type: ignore[assignment]

    def __eq__(self, other: object) -> bool:
        raise Late


class Number(int):
    """Says another number than it is."""

    def __index__(self) -> int:
        return 2**80

    def __lt__(self, other: object) -> bool:
        return True


class Many(list):  # type: ignore[type-arg]
    """Says that it is longer than it is."""

    def __len__(self) -> int:
        return 2**40


class Short(np.ndarray):
    """Gives another array for a part of itself."""

    def __getitem__(self, part: Any) -> Any:
        return np.empty(1, np.int32)


class Long(np.ndarray):
    """Says that it is longer than it is."""

    shape = property(lambda self: (2**40,))  # type: ignore[assignment]

    def __len__(self) -> int:
        return 2**40


def frozen(array: np.ndarray) -> np.ndarray:
    array.flags.writeable = False
    return array


nan = float("nan")
HOSTILE: list[Any] = [
    None, True, False, np.True_, -1, -(2**31), 2**31 - 1, 2**31, 2**62, 2**63, 2**64, 10**40, -(10**40), nan, -nan,
    float("inf"), 1e308, -0.0, 2.5, 3j, "", "node-0", "node-99", "\ud800", "\0", "ä" * 50, b"", b"node-0", b"\xff" * 40,
    bytearray(b"a"), [], (), {}, set(), [nan], [None], [[1]], [True], ["a", "a"], [2**31] * 3, [-1], [10**40], object(),
    Text("node-0"), Text("a"), Number(0), Number(1), Many(), Many([0]), Many([1, 2, 3]), range(3), iter([0]), [0, 0],
    np.int8(1), np.uint64(2**64 - 1), np.float32(1), np.float64(nan), np.array(1), np.array(nan), np.array([]),
    np.array([0]), np.array([-1]), np.array([2**62]), np.array([0, 1], np.uint8), np.arange(6)[::-2], np.eye(2),
    frozen(np.arange(3)), np.arange(3).astype(">i8"), np.arange(3).view(Short), np.arange(3).view(Long),
    np.array(["a", "b"]), np.array([1, "a", None], object), np.datetime64(1, "s"), np.ma.masked_array([1, 2], [0, 1]),
]  # fmt: skip
CLOCKS: list[Any] = [Late, None, True, "1", nan, float("inf"), -1.0, -1e300, 2**62, 2.0**62, 2**63, 1e19, 10**400]
MORE: list[Any] = ["", b"", "ann", "ä" * 40, b"\xff\0", 0, -1, 2**64, -(2**70), b"x" * 100]  # keys, good ones
