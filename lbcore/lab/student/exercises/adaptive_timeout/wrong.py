"""Known wrong answers to 07-adaptive-timeout; each docstring is the sentence that names the mistake.

Data, one short class a mistake, and so a long file. `Given` is right, with either divisor; the
others do one thing in another way.
"""

import math
from itertools import pairwise
from statistics import median

from lbcore.lab.student.match import free


def mean(gaps):
    gaps = list(gaps)
    return sum(gaps) / len(gaps)


def pstdev(gaps):
    middle = mean(gaps)
    return math.sqrt(sum((gap - middle) ** 2 for gap in gaps) / len(gaps))


def stdev(gaps):
    return pstdev(gaps) * math.sqrt(len(gaps) / (len(gaps) - 1))


class Given:
    def __init__(self, k):
        self.k, self.last_s, self.gaps = k, None, []

    def heartbeat(self, now_s):
        if self.last_s is not None:
            self.learn(now_s)
        self.last_s = now_s

    def learn(self, now_s):
        self.gaps.append(now_s - self.last_s)

    def recent(self):
        return self.gaps[-50:]

    def middle(self):
        return mean(self.recent())

    def spreads(self):
        gaps = self.recent()
        return [pstdev(gaps), stdev(gaps) if len(gaps) > 1 else 0.0]

    def rule(self, middle, spread):
        return middle + self.k * spread

    def timeout_s(self):
        return free(self.rule(self.middle(), spread) for spread in self.spreads())


class MeanAlone(Given):
    """That is the mean gap alone: about every second beat comes later. Are the differences squared one by one?"""

    def rule(self, middle, spread):
        return middle


class WithoutK(Given):
    """`self.k` changes nothing: one deviation, whatever k is."""

    def rule(self, middle, spread):
        return middle + spread


class AlwaysFour(Given):
    """`self.k` changes nothing: always four deviations, whatever k is."""

    def rule(self, middle, spread):
        return middle + 4 * spread


class TwoDeviations(Given):
    """`self.k` changes nothing: always two deviations, whatever k is."""

    def rule(self, middle, spread):
        return middle + 2 * spread


class ThreeDeviations(Given):
    """`self.k` changes nothing: always three deviations, whatever k is."""

    def rule(self, middle, spread):
        return middle + 3 * spread


class Subtracts(Given):
    """You take the deviations away: the timeout is then below the mean."""

    def rule(self, middle, spread):
        return middle - self.k * spread


class WithoutTheMean(Given):
    """The mean is missing: with regular beats you forgive almost no silence."""

    def rule(self, middle, spread):
        return self.k * spread


class SpreadAlone(Given):
    """That is one deviation alone: the mean and k are missing."""

    def rule(self, middle, spread):
        return spread


class Brackets(Given):
    """You multiply the mean by k as well."""

    def rule(self, middle, spread):
        return self.k * (middle + spread)


class KOnTheMean(Given):
    """You multiply the mean by k, where it should be the deviation."""

    def rule(self, middle, spread):
        return self.k * middle + spread


class TimesTheMean(Given):
    """That is k times the mean: it knows how long gaps are, not how much they differ."""

    def rule(self, middle, spread):
        return self.k * middle


class MoreThanTheMean(Given):
    """That is 1 + k times the mean: it knows how long gaps are, not how much they differ."""

    def rule(self, middle, spread):
        return (1 + self.k) * middle


class KSeconds(Given):
    """You add k seconds to the mean. It should be k deviations."""

    def rule(self, middle, spread):
        return middle + self.k


class KSecondsMore(Given):
    """You add k, where the deviation should be multiplied by it."""

    def rule(self, middle, spread):
        return middle + spread + self.k


class KUnderTheRoot(Given):
    """k stands under the root: it is the deviation, the root itself, that is multiplied by k."""

    def rule(self, middle, spread):
        return middle + math.sqrt(self.k) * spread


class BracketsOnTheLeft(Given):
    """You multiply the sum of mean and k by the deviation: brackets too many."""

    def rule(self, middle, spread):
        return (middle + self.k) * spread


class Product(Given):
    """You multiply the mean by the deviations. They should be added."""

    def rule(self, middle, spread):
        return middle * self.k * spread


class DividesByK(Given):
    """You divide the deviation by k, so a larger k forgives less."""

    def rule(self, middle, spread):
        return middle + (spread / self.k if self.k else math.inf)


class ToThePowerOfK(Given):
    """You raise the deviation to the power of k. It should be multiplied by it."""

    def rule(self, middle, spread):
        return middle + spread**self.k


class TwiceK(Given):
    """That is twice k deviations."""

    def rule(self, middle, spread):
        return middle + 2 * self.k * spread


class TheLarger(Given):
    """You take the larger of the mean and k deviations. They should be added."""

    def rule(self, middle, spread):
        return max(middle, self.k * spread)


class OneMoreK(Given):
    """That is one deviation more than k."""

    def rule(self, middle, spread):
        return middle + (self.k + 1) * spread


class MeanTwice(Given):
    """The mean is in it twice."""

    def rule(self, middle, spread):
        return 2 * middle + self.k * spread


class TimeOfDay(Given):
    """That is a time of day. Say how long a silence is forgiven."""

    def rule(self, middle, spread):
        return self.last_s + middle + self.k * spread


class Rounds(Given):
    """You round to whole seconds."""

    digits = 0

    def rule(self, middle, spread):
        return round(middle + self.k * spread, self.digits)


class RoundsUp(Given):
    """You round up to whole seconds."""

    def rule(self, middle, spread):
        return math.ceil(middle + self.k * spread)


class RoundsDown(Given):
    """You cut off what is behind the whole seconds."""

    def rule(self, middle, spread):
        return int(middle + self.k * spread)


class RoundsToOne(Rounds):
    """You round to tenths of a second."""

    digits = 1


class RoundsToTwo(Rounds):
    """You round to hundredths of a second."""

    digits = 2


class RoundsToThree(Rounds):
    """You round to thousandths of a second."""

    digits = 3


class Limits(Given):
    """There is a limit to what you forgive, as in many settings: this rule has none."""


class AtLeastASecond(Limits):
    least, most = 1.0, math.inf

    def rule(self, middle, spread):
        return min(self.most, max(self.least, middle + self.k * spread))


class AtLeastTwo(AtLeastASecond):
    least = 2.0


class AtLeastAHalf(AtLeastASecond):
    least = 0.5


class AtLeastATenth(AtLeastASecond):
    least = 0.1


class AtMostFive(AtLeastASecond):
    least, most = 0.0, 5.0


class AtMostTen(AtLeastASecond):
    least, most = 0.0, 10.0


class AtMostAMinute(AtLeastASecond):
    least, most = 0.0, 60.0


class OneToFive(AtLeastASecond):
    least, most = 1.0, 5.0


class OneToTen(AtLeastASecond):
    least, most = 1.0, 10.0


class AtLeastTheLongest(Given):
    """You never forgive less than the longest gap."""

    def rule(self, middle, spread):
        return max(*self.recent(), middle + self.k * spread)


class Floor(Given):
    """There is a floor under your deviation, as some detectors have: with regular beats the rule has none."""


class FloorOfATenth(Floor):
    floor = 0.1

    def rule(self, middle, spread):
        return middle + self.k * max(spread, self.floor)


class FloorOfAHalf(FloorOfATenth):
    floor = 0.5


class FloorOfAHundredth(FloorOfATenth):
    floor = 0.01


class FloorOfAThousandth(FloorOfATenth):
    floor = 0.001


class FloorOfOne(FloorOfATenth):
    floor = 1.0


class FloorOfATwentieth(FloorOfATenth):
    floor = 0.05


class OtherMiddle(Given):
    """It should be the mean to which you add the deviations."""


class Longest(OtherMiddle):
    """You add to the longest gap, not to the mean."""

    def middle(self):
        return max(self.recent())


class Shortest(OtherMiddle):
    """You add to the shortest gap, not to the mean."""

    def middle(self):
        return min(self.recent())


class TheLastGap(OtherMiddle):
    """You add to the last gap, not to the mean: one late beat blunts the rule."""

    def middle(self):
        return self.gaps[-1]


class TheFirstGap(OtherMiddle):
    """You add to the first gap, not to the mean."""

    def middle(self):
        return self.recent()[0]


class Median(OtherMiddle):
    """You add to the median, not to the mean."""

    def middle(self):
        return median(self.recent())


class MedianAndFromThere(Median):
    def spreads(self):
        gaps = self.recent()
        squares = sum((gap - median(gaps)) ** 2 for gap in gaps)
        return [math.sqrt(squares / len(gaps)), math.sqrt(squares / (len(gaps) - 1))]


class MedianOfBoth(OtherMiddle):
    """You take the median of the gaps and the median of their deviations. It should be the means."""

    def middle(self):
        return median(self.recent())

    def spreads(self):
        return [median(abs(gap - self.middle()) for gap in self.recent())]


class InWholes(OtherMiddle):
    """You divide in whole numbers: `//` cuts off what is behind the seconds."""

    def middle(self):
        return sum(self.recent()) // len(self.recent())


class InWholesAndFromThere(InWholes):
    def spreads(self):
        gaps = self.recent()
        squares = sum((gap - self.middle()) ** 2 for gap in gaps)
        return [math.sqrt(squares / len(gaps)), math.sqrt(squares / (len(gaps) - 1))]


class SpreadInWholes(InWholes):
    middle = Given.middle

    def spreads(self):
        gaps = self.recent()
        squares = sum((gap - self.middle()) ** 2 for gap in gaps)
        return [math.sqrt(squares // len(gaps)), math.sqrt(squares // (len(gaps) - 1))]


class TheSum(OtherMiddle):
    """That is the sum of the gaps: divide it by their number."""

    def middle(self):
        return sum(self.recent())


class OneGapMore(OtherMiddle):
    """The sum of the gaps is divided by one more than their number."""

    def middle(self):
        return sum(self.recent()) / (len(self.recent()) + 1)


class OneGapLess(OtherMiddle):
    """The sum of the gaps for the mean is divided by one less than their number."""

    def middle(self):
        return sum(self.recent()) / (len(self.recent()) - 1)


class OneGapLessAndFromThere(OneGapLess):
    def spreads(self):
        gaps = self.recent()
        squares = sum((gap - self.middle()) ** 2 for gap in gaps)
        return [math.sqrt(squares / len(gaps)), math.sqrt(squares / (len(gaps) - 1))]


class ByFifty(OtherMiddle):
    """You divide the sum of the gaps by 50, also while there are fewer."""

    def middle(self):
        return sum(self.recent()) / 50


class EveryGapWeighted(OtherMiddle):
    """You weigh the latest gaps more, as TCP does. Here each of the last gaps counts the same."""

    part = 1 / 8

    def weighted(self):
        gaps = self.recent()
        middle = gaps[0]
        for gap in gaps[1:]:
            middle += (gap - middle) * self.part
        return middle

    def middle(self):
        return self.weighted()


class WeightedAndFromThere(EveryGapWeighted):
    def spreads(self):
        gaps, middle = self.recent(), self.weighted()
        squares = sum((gap - middle) ** 2 for gap in gaps)
        return [math.sqrt(squares / len(gaps)), math.sqrt(squares / (len(gaps) - 1))]


class WeightedByATenth(EveryGapWeighted):
    part = 0.1


class WeightedByATenthAndFromThere(WeightedAndFromThere):
    part = 0.1


class WeightedByAFifth(EveryGapWeighted):
    part = 0.2


class WeightedByAFifthAndFromThere(WeightedAndFromThere):
    part = 0.2


class WeightedByAHalf(EveryGapWeighted):
    part = 0.5


class WeightedAsTCP(EveryGapWeighted):
    def spreads(self):
        gaps = self.recent()
        middle, deviation = gaps[0], gaps[0] / 2
        for gap in gaps[1:]:
            deviation += (abs(gap - middle) - deviation) / 4
            middle += (gap - middle) / 8
        return [deviation]


class LongestAlone(Given):
    """That is the longest gap so far: the next longer one is a false alarm."""

    def timeout_s(self):
        return max(self.recent())


class LongestTimesK(Given):
    """That is k times the longest gap. It should be the mean and k deviations."""

    def timeout_s(self):
        return self.k * max(self.recent())


class LastTimesK(Given):
    """That is k times the last gap. It should be the mean and k deviations."""

    def timeout_s(self):
        return self.k * self.gaps[-1]


class LastAlone(Given):
    """That is the last gap alone. It should be the mean and k deviations of all of the last gaps."""


class ReturnsTheLast(LastAlone):
    def timeout_s(self):
        return self.gaps[-1]


class LearnsOnlyTheLast(LastAlone):
    def learn(self, now_s):
        self.gaps = [now_s - self.last_s]


class OtherSpread(Given):
    """What you multiply by k is not the standard deviation."""


class Variance(OtherSpread):
    """That is the variance: the deviation is its square root."""

    def spreads(self):
        return [spread**2 for spread in super().spreads()]


class FourthRoot(OtherSpread):
    """You take the square root twice."""

    def spreads(self):
        return [math.sqrt(spread) for spread in super().spreads()]


class MeanDeviation(OtherSpread):
    """That is the mean deviation, which TCP uses: a good rule, another k."""

    def spreads(self):
        gaps = self.recent()
        total = sum(abs(gap - mean(gaps)) for gap in gaps)
        return [total / len(gaps), total / (len(gaps) - 1)]


class RootOfMeanDeviation(OtherSpread):
    """You take the root of deviations that are not squared."""

    def spreads(self):
        gaps = self.recent()
        total = sum(abs(gap - mean(gaps)) for gap in gaps)
        return [math.sqrt(total / len(gaps)), math.sqrt(total / (len(gaps) - 1))]


class RootOfDoubled(OtherSpread):
    """You double the deviations, where they should be squared: `* 2` is not `** 2`."""

    def spreads(self):
        gaps = self.recent()
        total = 2 * sum(abs(gap - mean(gaps)) for gap in gaps)
        return [math.sqrt(total / len(gaps)), math.sqrt(total / (len(gaps) - 1))]


class MedianDeviation(OtherSpread):
    """That is the median of the deviations, not the standard deviation."""

    def spreads(self):
        gaps = self.recent()
        return [median(abs(gap - middle) for gap in gaps) for middle in (median(gaps), mean(gaps))]


class SumOfDeviations(OtherSpread):
    """That is the sum of the deviations. Square them, take the mean, and its root."""

    def spreads(self):
        gaps = self.recent()
        return [sum(abs(gap - mean(gaps)) for gap in gaps)]


class SumOfSquares(OtherSpread):
    """The squares are added up, and neither divided by their number nor is the root taken."""

    def spreads(self):
        gaps = self.recent()
        return [sum((gap - mean(gaps)) ** 2 for gap in gaps)]


class NotDivided(OtherSpread):
    """The sum of the squares is not divided by their number, so it grows with every gap."""

    def spreads(self):
        gaps = self.recent()
        return [math.sqrt(sum((gap - mean(gaps)) ** 2 for gap in gaps))]


class RootOfTheNumber(OtherSpread):
    """Only the number is under the root: the sum of the squares should be, divided by it."""

    def spreads(self):
        gaps = self.recent()
        squares = sum((gap - mean(gaps)) ** 2 for gap in gaps)
        return [squares / math.sqrt(len(gaps)), squares / math.sqrt(len(gaps) - 1)]


class OfTheTimes(OtherSpread):
    """That is the deviation of the beats' times. It should be that of the gaps."""

    def __init__(self, k):
        super().__init__(k)
        self.times = []

    def heartbeat(self, now_s):
        super().heartbeat(now_s)
        self.times.append(now_s)

    def spreads(self):
        found = [(pstdev(times), stdev(times)) for times in (self.times[-50:], self.times[-51:], self.times[1:][-50:])]
        return [spread for both in found for spread in both]


class StandardError(OtherSpread):
    """You divide by the number after the root, or twice: the result gets smaller with every gap."""

    def spreads(self):
        gaps = self.recent()
        of_n = math.sqrt(sum((gap - mean(gaps)) ** 2 for gap in gaps)) / len(gaps)
        return [of_n, stdev(gaps) / math.sqrt(len(gaps))]


class StandardErrorByOneLess(StandardError):
    def spreads(self):
        gaps = self.recent()
        return [math.sqrt(sum((gap - mean(gaps)) ** 2 for gap in gaps)) / (len(gaps) - 1)]


class OneMoreInTheDivisor(OtherSpread):
    """The sum of the squares is divided by n + 1: n is right, or n - 1."""

    def spreads(self):
        gaps = self.recent()
        return [math.sqrt(sum((gap - mean(gaps)) ** 2 for gap in gaps) / (len(gaps) + 1))]


class RootMeanSquare(OtherSpread):
    """You square the gaps themselves. Take the mean away from each first."""

    def spreads(self):
        gaps = self.recent()
        total = sum(gap * gap for gap in gaps)
        return [math.sqrt(total / len(gaps)), math.sqrt(total / (len(gaps) - 1))]


class Range(OtherSpread):
    """That is the range from the shortest to the longest gap, not the standard deviation."""

    def spreads(self):
        return [max(self.recent()) - min(self.recent())]


class HalfRange(OtherSpread):
    """That is half the range from the shortest to the longest gap, not the standard deviation."""

    def spreads(self):
        return [(max(self.recent()) - min(self.recent())) / 2]


class LongestLessMean(OtherSpread):
    """That is how far the longest gap is above the mean, not the standard deviation."""

    def spreads(self):
        return [max(self.recent()) - mean(self.recent())]


class LastLessMean(OtherSpread):
    """That is how far the last gap is from the mean, not the standard deviation of all."""

    def spreads(self):
        away = self.gaps[-1] - mean(self.recent())
        return [abs(away), away]


class Neighbours(OtherSpread):
    """You take the differences of neighbours in the list. The deviation is from the mean."""

    def differences(self):
        gaps = self.recent()
        return [b - a for a, b in pairwise(gaps)]

    def spreads(self):
        squares = sum(d * d for d in self.differences())
        count = len(self.differences())
        return [math.sqrt(squares / count), math.sqrt(squares / (count + 1))]


class NeighboursMean(Neighbours):
    def spreads(self):
        total = sum(map(abs, self.differences()))
        return [total / len(self.differences()), total / len(self.recent())]


class NeighboursDeviation(Neighbours):
    def spreads(self):
        found = self.differences()
        return [pstdev(found), stdev(found) if len(found) > 1 else 0.0]


class FromTheMedian(OtherSpread):
    """You take the deviations from the median. They are from the mean."""

    def spreads(self):
        gaps = self.recent()
        squares = sum((gap - median(gaps)) ** 2 for gap in gaps)
        return [math.sqrt(squares / len(gaps)), math.sqrt(squares / (len(gaps) - 1))]


class FromTheLast(OtherSpread):
    """You take the deviations from the last gap. They are from the mean."""

    def spreads(self):
        gaps = self.recent()
        squares = sum((gap - gaps[-1]) ** 2 for gap in gaps)
        return [math.sqrt(squares / len(gaps)), math.sqrt(squares / (len(gaps) - 1))]


class FromTheFirst(OtherSpread):
    """You take the deviations from the first gap. They are from the mean."""

    def spreads(self):
        gaps = self.recent()
        squares = sum((gap - gaps[0]) ** 2 for gap in gaps)
        return [math.sqrt(squares / len(gaps)), math.sqrt(squares / (len(gaps) - 1))]


class FromOneSecond(OtherSpread):
    """You take the deviations from 1 s. They are from the mean."""

    def spreads(self):
        gaps = self.recent()
        squares = sum((gap - 1) ** 2 for gap in gaps)
        return [math.sqrt(squares / len(gaps)), math.sqrt(squares / (len(gaps) - 1))]


class RelativeSpread(OtherSpread):
    """You divide the deviation by the mean. It is added in seconds."""

    def spreads(self):
        return [spread / mean(self.recent()) for spread in super().spreads()]


class LearnsWrong(Given):
    """What you learn is not the time from one beat to the next."""


class LearnsTimes(LearnsWrong):
    """You learn the times of the beats. A gap is the time from one beat to the next."""

    def learn(self, now_s):
        self.gaps.append(now_s)


class LearnsTimesBefore(LearnsTimes):
    def learn(self, now_s):
        self.gaps.append(self.last_s)


class LearnsBackwards(LearnsWrong):
    """The gaps that you learn are negative: a gap is the later time minus the earlier one."""

    def learn(self, now_s):
        self.gaps.append(self.last_s - now_s)


class LearnsZero(LearnsWrong):
    """Every gap that you learn is 0: learn it before `self.last_s` is set to the new time."""

    def learn(self, now_s):
        self.gaps.append(0.0)


class LearnsFromTheFirst(LearnsWrong):
    """You learn the time since the first beat. A gap is the time since the last one."""

    def learn(self, now_s):
        self.first_s = getattr(self, "first_s", self.last_s)
        self.gaps.append(now_s - self.first_s)


class LearnsTheSum(LearnsWrong):
    """You learn the sum of two times. A gap is the later time minus the earlier one."""

    def learn(self, now_s):
        self.gaps.append(now_s + self.last_s)


class LearnsFirstFromZero(LearnsWrong):
    """You learn a first gap from 0 s to the first beat. Only from the second beat on is there a gap."""

    def __init__(self, k):
        super().__init__(k)
        self.last_s = 0.0


class LearnsOnlyInTime(LearnsWrong):
    """A gap that was longer than the timeout is not learnt, so a storm never gets in."""

    def learn(self, now_s):
        gap = now_s - self.last_s
        gaps = self.recent()
        if len(gaps) < 2 or gap <= mean(gaps) + self.k * pstdev(gaps):
            self.gaps.append(gap)


class LearnsOnlyInTimeByOneLess(LearnsOnlyInTime):
    def learn(self, now_s):
        gap = now_s - self.last_s
        gaps = self.recent()
        if len(gaps) < 2 or gap <= mean(gaps) + self.k * stdev(gaps):
            self.gaps.append(gap)


class WithoutTheLongest(LearnsWrong):
    """You leave out the longest gap."""

    def recent(self):
        return sorted(self.gaps[-50:])[:-1]


class LearnsDifferentOnes(LearnsWrong):
    """A gap that was there before is not learnt again: equal gaps count, too."""

    def learn(self, now_s):
        if now_s - self.last_s not in self.gaps:
            self.gaps.append(now_s - self.last_s)


class LearnsEverySecond(LearnsWrong):
    """You learn every second gap only."""

    def heartbeat(self, now_s):
        if self.last_s is not None:
            self.gaps.append(now_s - self.last_s)
            self.last_s = None
        else:
            self.last_s = now_s


class Forgets(Given):
    """Once asked, you forget gaps: asking changes nothing about the network."""


class ForgetsAll(Forgets):
    def timeout_s(self):
        found = super().timeout_s()
        self.gaps = self.gaps[-1:]
        return found


class ForgetsTheFirst(Forgets):
    def timeout_s(self):
        found = super().timeout_s()
        del self.gaps[0]
        return found


class TooFewGaps(Given):
    """You look at fewer than the last 50 gaps."""

    last = 5

    def recent(self):
        return self.gaps[-self.last :]


class LastTen(TooFewGaps):
    last = 10


class LastTwenty(TooFewGaps):
    last = 20


class LastThree(TooFewGaps):
    last = 3


class HalfOfThem(TooFewGaps):
    """You look at the last 25 gaps only: does each stand twice in the list?"""


class LastTwentyFive(HalfOfThem):
    last = 25


class LearnsTwice(HalfOfThem):
    last = 50

    def learn(self, now_s):
        self.gaps += [now_s - self.last_s] * 2


class KOfThem(TooFewGaps):
    """You look at the last k gaps. k is how many deviations are added."""

    def recent(self):
        return self.gaps[-self.k :]


class OneGapTooFew(TooFewGaps):
    """You look at the last 49 gaps, not at the last 50."""

    last = 49


class WithoutTheLastGap(Given):
    """You leave out the last gap."""

    def recent(self):
        return self.gaps[-51:-1]


class WithoutTheFirstGap(Given):
    """You leave out the first gap."""

    def recent(self):
        return self.gaps[1:][-50:]


class AllGaps(Given):
    """You look at all gaps, not at the last 50: what was long ago still counts."""

    def recent(self):
        return self.gaps


class LastHundred(AllGaps):
    """You look at the last 100 gaps, not at the last 50: what was long ago still counts."""

    def recent(self):
        return self.gaps[-100:]


class OneGapTooMany(AllGaps):
    """You look at the last 51 gaps, not at the last 50."""

    def recent(self):
        return self.gaps[-51:]


class FirstFifty(Given):
    """You look at the first 50 gaps, not at the last ones: what comes now changes nothing."""

    def recent(self):
        return self.gaps[:50]


class FromTheFiftieth(Given):
    """From the 51st gap on you look at what came after the first 50, not at the last 50."""

    def recent(self):
        return self.gaps[50:] if len(self.gaps) > 51 else self.gaps[-50:]


class SpreadOfAll(Given):
    """The mean is of the last 50 gaps, the deviation of all: both should be of the last 50."""

    def spreads(self):
        return [pstdev(self.gaps), stdev(self.gaps)]


class MeanOfAll(Given):
    """The deviation is of the last 50 gaps, the mean of all: both should be of the last 50."""

    def middle(self):
        return mean(self.gaps)


class MeanOfAllAndFromThere(MeanOfAll):
    def spreads(self):
        gaps, middle = self.recent(), mean(self.gaps)
        squares = sum((gap - middle) ** 2 for gap in gaps)
        return [math.sqrt(squares / len(gaps)), math.sqrt(squares / (len(gaps) - 1))]


class DividedByAll(Given):
    """You divide what comes of the last 50 gaps by the number of all gaps."""

    def middle(self):
        return sum(self.recent()) / len(self.gaps)


class DividedByAllAndFromThere(DividedByAll):
    def spreads(self):
        gaps, middle = self.recent(), self.middle()
        squares = sum((gap - middle) ** 2 for gap in gaps)
        return [math.sqrt(squares / len(gaps)), math.sqrt(squares / (len(gaps) - 1))]


class SpreadDividedByAll(DividedByAll):
    middle = Given.middle

    def spreads(self):
        gaps = self.recent()
        squares = sum((gap - mean(gaps)) ** 2 for gap in gaps)
        return [math.sqrt(squares / len(self.gaps)), math.sqrt(squares / (len(self.gaps) - 1))]


class BothDividedByAll(DividedByAll):
    def spreads(self):
        gaps, middle = self.recent(), self.middle()
        squares = sum((gap - middle) ** 2 for gap in gaps)
        return [math.sqrt(squares / len(self.gaps)), math.sqrt(squares / (len(self.gaps) - 1))]
