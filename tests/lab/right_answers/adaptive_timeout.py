"""Right answers to 07-adaptive-timeout that are not the solution."""

import statistics
from collections import deque

import numpy as np


class Given:
    def __init__(self, k):
        self.k, self.last_s, self.gaps = k, None, []

    def heartbeat(self, now_s):
        if self.last_s is not None:
            self.gaps.append(now_s - self.last_s)
        self.last_s = now_s


class Statistics(Given):
    def timeout_s(self):
        gaps = self.gaps[-50:]
        return statistics.mean(gaps) + self.k * statistics.pstdev(gaps)


class TheSampleDeviation(Given):
    """Divided by n - 1."""

    def timeout_s(self):
        gaps = self.gaps[-50:]
        return statistics.mean(gaps) + self.k * statistics.stdev(gaps)


class Numpy(Given):
    def timeout_s(self):
        return np.mean(self.gaps[-50:]) + self.k * np.std(self.gaps[-50:])


class AnotherStore:
    """A deque of times that forgets by itself; no `self.gaps` at all."""

    def __init__(self, k):
        self.k, self.times = k, deque(maxlen=51)

    def heartbeat(self, now_s):
        self.times.append(now_s)

    def timeout_s(self):
        gaps = np.diff(self.times)
        return gaps.mean() + self.k * gaps.std()


class BySquares(Given):
    """The mean of the squares less the square of the mean."""

    def timeout_s(self):
        gaps = self.gaps[-50:]
        mean = sum(gaps) / len(gaps)
        return mean + self.k * max(0.0, sum(gap * gap for gap in gaps) / len(gaps) - mean * mean) ** 0.5


class InADeque(Given):
    """A deque of 50 gaps, in numbers of numpy."""

    def __init__(self, k):
        super().__init__(k)
        self.last = deque(maxlen=50)

    def heartbeat(self, now_s):
        if self.last_s is not None:
            self.last.append(np.float64(now_s - self.last_s))
        self.last_s = now_s

    def timeout_s(self):
        n = len(self.last)
        mean = sum(self.last) / n
        squares = sum((gap - mean) ** 2 for gap in self.last)
        return mean + self.k * np.sqrt(squares / (n - 1))
