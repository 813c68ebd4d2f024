"""Wrong answers to 07-adaptive-timeout. Each class's docstring is a part of the verdict that must name its mistake."""

import random
from statistics import mean, pstdev, pvariance


class Given:
    def __init__(self, k):
        self.k, self.last_s, self.gaps = k, None, []

    def heartbeat(self, now_s):
        if self.last_s is not None:
            self.gaps.append(now_s - self.last_s)
        self.last_s = now_s


class LearnsNothing(Given):
    """After 2 gaps `self.gaps` is still empty: heartbeat has learnt nothing."""

    def heartbeat(self, now_s):
        self.last_s = now_s

    def timeout_s(self):
        return sum(self.gaps) / len(self.gaps)


class KeepsTimes(Given):
    """`self.gaps` holds the times of the beats."""

    def heartbeat(self, now_s):
        if self.last_s is not None:
            self.gaps.append(now_s)
        self.last_s = now_s

    def timeout_s(self):
        return mean(self.gaps) + self.k * pstdev(self.gaps)


class Backwards(Given):
    """The gaps in `self.gaps` are negative"""

    def heartbeat(self, now_s):
        if self.last_s is not None:
            self.gaps.append(self.last_s - now_s)
        self.last_s = now_s

    def timeout_s(self):
        return mean(self.gaps) + self.k * pstdev(self.gaps)


class TooLate(Given):
    """Every gap in `self.gaps` is 0"""

    def heartbeat(self, now_s):
        self.last_s = now_s
        self.gaps.append(now_s - self.last_s)

    def timeout_s(self):
        return mean(self.gaps) + self.k * pstdev(self.gaps)


class TheMeanAlone(Given):
    """That is the mean gap alone"""

    def timeout_s(self):
        return mean(self.gaps[-50:])


class WithoutK(Given):
    """`self.k` changes nothing"""

    def timeout_s(self):
        return mean(self.gaps[-50:]) + pstdev(self.gaps[-50:])


class Subtracts(Given):
    """You take the deviations away"""

    def timeout_s(self):
        return mean(self.gaps[-50:]) - self.k * pstdev(self.gaps[-50:])


class WithoutTheMean(Given):
    """The mean is missing"""

    def timeout_s(self):
        return self.k * pstdev(self.gaps[-50:])


class Brackets(Given):
    """You multiply the mean by k as well."""

    def timeout_s(self):
        return self.k * (mean(self.gaps[-50:]) + pstdev(self.gaps[-50:]))


class TimesTheMean(Given):
    """k = 4, gaps 1, 1.25: you forgive 4.5 s; the rule forgives 1.62 s. That is k times the mean"""

    def timeout_s(self):
        return self.k * mean(self.gaps[-50:])


class Variance(Given):
    """That is the variance: the deviation is its square root."""

    def timeout_s(self):
        return mean(self.gaps[-50:]) + self.k * pvariance(self.gaps[-50:])


class MeanDeviation(Given):
    """That is the mean deviation, which TCP uses"""

    def timeout_s(self):
        gaps = self.gaps[-50:]
        middle = mean(gaps)
        return middle + self.k * mean(abs(gap - middle) for gap in gaps)


class TimeOfDay(Given):
    """That is a time of day."""

    def timeout_s(self):
        return self.last_s + mean(self.gaps[-50:]) + self.k * pstdev(self.gaps[-50:])


class TheLongest(Given):
    """That is the longest gap so far"""

    def timeout_s(self):
        return max(self.gaps[-50:])


class TheLastGap(Given):
    """You add to the last gap, not to the mean"""

    def timeout_s(self):
        return self.gaps[-1] + self.k * pstdev(self.gaps[-50:])


class TheSum(Given):
    """That is the sum of the gaps"""

    def timeout_s(self):
        return sum(self.gaps[-50:]) + self.k * pstdev(self.gaps[-50:])


class ForgetsNothing(Given):
    """You look at all gaps, not at the last 50"""

    def timeout_s(self):
        return mean(self.gaps) + self.k * pstdev(self.gaps)


class ByChance(Given):
    """Two fresh rules that heard the same beats gave different timeouts."""

    def timeout_s(self):
        return random.random()


class ReturnsNothing(Given):
    """timeout_s returned nothing. Does it end with `return`?"""

    def timeout_s(self):
        mean(self.gaps)


class ReturnsBoth(Given):
    """timeout_s returned a tuple, not a number of seconds."""

    def timeout_s(self):
        return mean(self.gaps), pstdev(self.gaps)


class ReturnsNaN(Given):
    """timeout_s returned nan, which is no number of seconds."""

    def timeout_s(self):
        return float("nan")


class AnotherRule(Given):
    """k = 4, gaps 1, 1.25: you forgive 7 s; the rule forgives 1.62 s."""

    def timeout_s(self):
        return 7.0


class Misspelt(Given):
    """k = 4, after 2 gaps: your code stopped in line"""

    def timeout_s(self):
        return mean(self.gap)
