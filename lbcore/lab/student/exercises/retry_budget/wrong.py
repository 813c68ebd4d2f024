"""Known wrong answers to 09-retry-budget; each docstring is the sentence that names the mistake.

Data, one short class a mistake, and so a long file. `Given` is right; the others do one thing in another way.
"""

import math
from collections import deque

from lbcore.lab.student.match import free


class Given:
    def __init__(self, share):
        self.share, self.requests, self.retries = share, 0, 0

    def sent(self):
        self.requests += 1

    def fits(self):
        return self.retries + 1 <= self.share * self.requests

    def count(self, may):
        self.retries += may

    def take(self):
        may = bool(self.fits())
        self.count(may)
        return may


#: One of several budgets that differ in a number: those that have answered otherwise are left out.
class OneOf(Given):
    numbers = (10, *range(1, 10), *range(11, 60), 64, 100, 128, 150, 200, 250, 256, 300, 400, 500, 512, 1000)

    def __init__(self, share):
        self.left = [self.budget(share, number) for number in self.numbers]

    def sent(self):
        for one in self.left:
            one.sent()

    def take(self):
        answers = [one.take() for one in self.left]
        said = free(answers)
        self.left = [one for one, answer in zip(self.left, answers, strict=True) if answer is said]
        return said


class AlwaysYes(Given):
    """You always say yes: that is no budget."""

    def fits(self):
        return True


class AlwaysNo(Given):
    """You never say yes: then nobody may retry at all."""


class No(AlwaysNo):
    def fits(self):
        return False


class Swapped(AlwaysNo):
    def fits(self):
        return self.requests + 1 <= self.share * self.retries


class OneIsEnough(Given):
    """Once one retry fits, all may go: are those that have gone added up, and compared?"""


class CountsNothing(OneIsEnough):
    def count(self, may):
        pass


class ComparesWithOne(OneIsEnough):
    def fits(self):
        return self.share * self.requests >= 1


class CountsRefused(Given):
    """You count a retry that was refused as if it had gone."""

    def count(self, may):
        self.retries += 1


class CountsRefusedOnly(Given):
    """You count the retries that were refused, not those that went."""

    def count(self, may):
        self.retries += not may


class CountsBefore(CountsRefused):
    def take(self):
        self.retries += 1
        return self.retries <= self.share * self.requests


class CountsBeforeAndAFraction(CountsRefused):
    def take(self):
        self.retries += 1
        return self.retries - 1 < self.share * self.requests


class CountsBeforeAndThisOne(Given):
    """You count the retry that asks twice: as it asks, and as this one."""

    def take(self):
        self.retries += 1
        return self.retries + 1 <= self.share * self.requests


class WithoutThisOne(Given):
    """You compare the retries so far. This one is included: with it they may be more than the share."""


class OneTooMany(WithoutThisOne):
    def fits(self):
        return self.retries <= self.share * self.requests


class AFractionTooMany(WithoutThisOne):
    """A part of a retry is enough for you: this one included, they may be more than the share allows."""

    def fits(self):
        return self.retries < self.share * self.requests


class RoundedUp(AFractionTooMany):
    def fits(self):
        return self.retries + 1 <= math.ceil(self.share * self.requests)


class Rounded(Given):
    """You round the share of the requests, so half a retry counts as a whole one."""

    def fits(self):
        return self.retries + 1 <= round(self.share * self.requests)


class RoundedHalfUp(Rounded):
    def fits(self):
        return self.retries + 1 <= int(self.share * self.requests + 0.5)


class RoundedAndStrict(Rounded):
    def fits(self):
        return self.retries < round(self.share * self.requests)


class OneTooFew(Given):
    """The retry that fits exactly must still go: at most the share, not less than it."""

    def fits(self):
        return self.retries + 1 < self.share * self.requests


class OneTooFewInWholes(Given):
    """You allow one retry less than the share of the requests."""

    def fits(self):
        return self.retries + 2 <= self.share * self.requests


class NotEqual(Given):
    """You say yes unless the retries are just as many as the share: also when they are more."""

    def fits(self):
        return self.retries + 1 != self.share * self.requests


class OnlyEqual(Given):
    """You say yes only when a retry fits exactly, not when there is more room."""

    def fits(self):
        return self.retries + 1 == self.share * self.requests


class OnlyEqualInWholes(OnlyEqual):
    def fits(self):
        return self.retries + 1 == int(self.share * self.requests)


class WrongWayRound(Given):
    """Your comparison is the wrong way round."""

    def fits(self):
        return self.retries + 1 >= self.share * self.requests


class WrongWayRoundAndStrict(WrongWayRound):
    def fits(self):
        return self.retries + 1 > self.share * self.requests


class WrongWayRoundWithoutThis(WrongWayRound):
    def fits(self):
        return self.retries >= self.share * self.requests


class WrongWayRoundStrictWithoutThis(AlwaysNo):
    def fits(self):
        return self.retries > self.share * self.requests


class OfAttempts(Given):
    """That is a share of all attempts; it must be a share of the requests."""

    def fits(self):
        return self.retries + 1 <= self.share * (self.requests + self.retries)


class OfAttemptsWithThis(OfAttempts):
    def fits(self):
        return self.retries + 1 <= self.share * (self.requests + self.retries + 1)


class OfAttemptsWithoutThis(OfAttempts):
    def fits(self):
        return self.retries <= self.share * (self.requests + self.retries)


class OfAttemptsAskedFor(Given):
    """You count each retry that is asked for as a request, whether it may go or not."""

    def take(self):
        self.requests += 1
        return super().take()


class OfAttemptsAskedForAfter(OfAttemptsAskedFor):
    def take(self):
        may = Given.take(self)
        self.requests += 1
        return may


class OfRequestsWithoutRetry(Given):
    """A retry that goes counts as a request less: the requests stay what they are."""

    def count(self, may):
        self.retries += may
        self.requests -= may


class NoShare(Given):
    """The share changes nothing: you allow as many retries as requests."""

    def fits(self):
        return self.retries + 1 <= self.requests


class NoShareAndOne(NoShare):
    """The share changes nothing: you allow as many retries as requests, and one more."""

    def fits(self):
        return self.retries <= self.requests


class PaysShare(NoShare):
    def count(self, may):
        self.retries += self.share * may

    def fits(self):
        return self.retries + self.share <= self.share * self.requests


class CountsShare(Given):
    """A retry that goes costs too little: one request, and not as many as allow one retry."""

    def count(self, may):
        self.retries += self.share * may


class CostsOneRequest(CountsShare):
    def fits(self):
        return self.share * self.requests >= 1

    def count(self, may):
        self.requests -= may


class Divides(Given):
    """You divide by the share, so a smaller share allows more."""

    def fits(self):
        return self.retries + 1 <= self.requests / self.share


class DividesWithoutThis(Divides):
    def fits(self):
        return self.retries <= self.requests / self.share


class ShareOfRetries(Divides):
    def fits(self):
        return self.share * self.retries + 1 <= self.requests


class ShareAlone(Given):
    """You compare with the share alone, not with the share of the requests."""

    def fits(self):
        return self.retries + 1 <= self.share


class ShareAloneWithoutThis(ShareAlone):
    def fits(self):
        return self.retries < self.share


class ShareAloneAtMost(ShareAlone):
    def fits(self):
        return self.retries <= self.share


class FromTheFirstRequest(Given):
    """From the first request on all may go: is the share a part of 1, and are the retries looked at?"""


class RequestsAlone(FromTheFirstRequest):
    def fits(self):
        return self.requests >= self.share


class Percent(Given):
    """You divide the share by 100. It is a part, not per cent: 0.1 is a tenth."""

    def fits(self):
        return self.retries + 1 <= self.share / 100 * self.requests


class PercentTheOtherWay(FromTheFirstRequest):
    def fits(self):
        return self.retries + 1 <= self.share * 100 * self.requests


class TheRest(Given):
    """You take 1 - share: with a share of a tenth nine of ten requests may retry."""

    def fits(self):
        return self.retries + 1 <= (1 - self.share) * self.requests


class OnePlus(Given):
    """You take 1 + share: that would be all attempts, not the retries."""

    def fits(self):
        return self.retries + 1 <= (1 + self.share) * self.requests


class Squared(Given):
    """You multiply by the share twice."""

    def fits(self):
        return self.retries + 1 <= self.share * self.share * self.requests


class AddsShare(Given):
    """You add the share to the requests, where they should be multiplied."""

    def fits(self):
        return self.retries + 1 <= self.share + self.requests


class WholeShare(Given):
    """You make a whole number of the share, and a part of 1 is 0 then."""

    def fits(self):
        return self.retries + 1 <= int(self.share) * self.requests


class OneRequestMore(Given):
    """You count one request more than were sent."""

    def fits(self):
        return self.retries + 1 <= self.share * (self.requests + 1)


class OneRequestLess(OneTooFew):
    def fits(self):
        return self.retries + 1 <= self.share * (self.requests - 1)


class RequestsTwice(Given):
    """You count each request twice: `sent` has counted it already."""

    def sent(self):
        self.requests += 2


class RetriesTwice(Given):
    """You count each retry that goes twice."""

    def count(self, may):
        self.retries += 2 * may


class SetsRetries(Given):
    """The retries are set to 1 where one should be added."""

    def count(self, may):
        if may:
            self.retries = 1


class SetsRetriesToAnswer(SetsRetries):
    """The retries are set to the latest answer, 1 or 0, where it should be added."""

    def count(self, may):
        self.retries = may


class CountsDown(OneIsEnough):
    def count(self, may):
        self.retries -= may


class NothingToDivideBy(Given):
    """Before the first request there is nothing to divide by: nobody may retry then."""

    def fits(self):
        return (self.retries + 1) / self.requests <= self.share


class NothingToDivideByWithoutThis(NothingToDivideBy):
    """Before the first request there is nothing to divide by; and this retry is included."""

    def fits(self):
        return self.retries / self.requests <= self.share


class NothingToDivideByAndStrict(NothingToDivideByWithoutThis):
    def fits(self):
        return self.retries / self.requests < self.share


class YesBeforeTheFirst(Given):
    """Before the first request you say yes: a share of nothing is nothing."""

    def fits(self):
        return not self.requests or super().fits()


class StartsAnew(Given):
    """You start to count again. The budget is for all requests and all retries from the first on."""


class StartsAnewWhenRefused(StartsAnew):
    """Where a retry is refused you start to count again, so the next ones may go."""

    def count(self, may):
        self.retries = self.retries + 1 if may else 0


class StartsAllAnewWhenRefused(StartsAnew):
    """Where a retry is refused you start to count the requests again: what was saved is lost."""

    def count(self, may):
        if may:
            self.retries += 1
        else:
            self.retries = self.requests = 0


class RefusedCostsRequests(StartsAnew):
    """Where a retry is refused you start to count the requests again, not the retries."""

    def count(self, may):
        if may:
            self.retries += 1
        else:
            self.requests = 0


class StartsAnewAfterEach(StartsAnew):
    """After each retry you start to count the requests again, so what was saved is lost."""

    def count(self, may):
        if may:
            self.retries = self.requests = 0


class OnlyRequestsAnewAfterEach(StartsAnew):
    """After each retry you start to count the requests again, but not the retries."""

    def count(self, may):
        if may:
            self.retries += 1
            self.requests = 0


class RetriesAnewAtSent(StartsAnew):
    """Each request sets the retries back to 0."""

    def sent(self):
        self.requests += 1
        self.retries = 0


class BatchOf(Given):
    def __init__(self, share, number):
        super().__init__(share)
        self.number = number

    def sent(self):
        if self.requests == self.number:
            self.requests = self.retries = 0
        super().sent()


class InBatches(OneOf):
    """After a number of requests you start to count again: what was saved is lost, and what was spent forgotten."""

    budget = BatchOf


class BatchUpTo(BatchOf):
    def sent(self):
        Given.sent(self)
        if self.requests == self.number:
            self.requests = self.retries = 0


class InBatchesToTheEnd(InBatches):
    budget = BatchUpTo


class RequestOf(Given):
    def __init__(self, share, number):
        self.number = number
        super().__init__(share)

    def sent(self):
        self.retries = 0

    def fits(self):
        return self.retries < self.number


class OfOneRequest(OneOf):
    """You limit the retries of each request, as a loop does. The budget is for all requests together."""

    budget = RequestOf


class RequestOfAfterTheFirst(RequestOf):
    def __init__(self, share, number):
        super().__init__(share, number)
        self.retries = number


class OfOneRequestAfterTheFirst(OfOneRequest):
    budget = RequestOfAfterTheFirst


class WindowOf(Given):
    def __init__(self, share, number):
        super().__init__(share)
        self.calls = deque(maxlen=number)

    def sent(self):
        self.calls.append(0)

    def take(self):
        went = sum(self.calls)
        may = went + 1 <= self.share * (len(self.calls) - went)
        if may:
            self.calls.append(1)
        return may


class InAWindow(OneOf):
    """You look at the latest calls only. The budget is for all requests and all retries from the first on."""

    numbers = (100, 10, 20, 50, 64, 128, 200, 256, 500, 512, 1000)
    budget = WindowOf


class RequestsInAWindow(WindowOf):
    def take(self):
        may = sum(self.calls) + 1 <= self.share * len(self.calls)
        if may and self.calls:
            self.calls[-1] += 1
        return may


class InAWindowOfRequests(InAWindow):
    budget = RequestsInAWindow


class BucketOf(Given):
    def __init__(self, share, number):
        self.share, self.number, self.tokens = share, number, 0.0

    def sent(self):
        self.tokens = min(self.number, self.tokens + self.share)

    def take(self):
        may = self.tokens >= 1
        self.tokens -= may
        return may


class Capped(OneOf):
    """Your bucket is full after a while. The rule counts from the first request on: after a quiet night all may go."""

    budget = BucketOf


class FullBucket(BucketOf):
    def __init__(self, share, number):
        super().__init__(share, number)
        self.tokens = float(number)


class FullAtTheStart(OneOf):
    """Your bucket is full at the start and has a limit. The rule counts from the first request on, without one."""

    budget = FullBucket


class HalfFull(FullBucket):
    def take(self):
        may = self.tokens > self.number / 2
        self.tokens = max(0, self.tokens - 1)
        return may


class MoreThanHalfFull(OneOf):
    """You say yes while an account is more than half full, as gRPC does. The rule knows only the share."""

    budget = HalfFull


class HalfFullAndPaid(FullBucket):
    def take(self):
        may = self.tokens > self.number / 2
        self.tokens -= may
        return may


class MoreThanHalfFullAndPaid(MoreThanHalfFull):
    budget = HalfFullAndPaid


class AtMostOf(Given):
    def __init__(self, share, number):
        super().__init__(share)
        self.number = number

    def fits(self):
        return self.retries + 1 <= min(self.number, self.share * self.requests)


class AtMostSome(OneOf):
    """There is a limit to your retries, whatever the requests are: the rule knows only the share."""

    budget = AtMostOf


class AtLeastOf(AtMostOf):
    def fits(self):
        return self.retries + 1 <= max(self.number, self.share * self.requests)


class AtLeastSome(OneOf):
    """Some retries may always go with you, whatever the requests are: the rule knows only the share."""

    budget = AtLeastOf


class NumberOf(AtMostOf):
    def fits(self):
        return self.retries < self.number


class ANumber(OneOf):
    """A number of retries may go, whatever the requests are: the rule knows only the share."""

    budget = NumberOf


class CreditOf(AtMostOf):
    def fits(self):
        return self.retries + 1 <= self.number + self.share * self.requests


class WithCredit(OneOf):
    """You start with some retries to spend, before there are requests. A share of nothing is nothing."""

    budget = CreditOf


class FixedShare(AtMostOf):
    def fits(self):
        return self.retries + 1 <= self.number * self.requests


class OtherShare(OneOf):
    """`self.share` changes nothing: the share is always the same."""

    numbers = (0.1, 0.2, 0.25, 0.5, 0.05, 0.01, 0.125, 0.3, 0.75)
    budget = FixedShare


class RoughlyNth(Given):
    """A retry may go at every so-manyth request, whether any went before: the retries are not compared."""

    def fits(self):
        return self.requests % max(1, round(1 / self.share)) == 0


class RoughlyNthFromTheFirst(RoughlyNth):
    def fits(self):
        return self.requests > 0 and self.requests % max(1, round(1 / self.share)) == 0


class NthAsked(Given):
    """A part of those that ask may go. It should be a part of the requests."""

    asked = 0

    def take(self):
        self.asked += 1
        return self.asked % max(1, round(1 / self.share)) == 0


class NthAskedFromTheFirst(NthAsked):
    def take(self):
        self.asked += 1
        return (self.asked - 1) % max(1, round(1 / self.share)) == 0


class ShareOfAsked(NthAsked):
    def take(self):
        self.asked += 1
        may = self.retries + 1 <= self.share * self.asked
        self.retries += may
        return may


class OnlyOnce(Given):
    """Only one retry may ever go."""

    def fits(self):
        return super().fits() and not self.retries


class OneAfterEachRequest(Given):
    """Between two requests at most one retry may go with you, also when more were saved."""

    fresh = False

    def sent(self):
        super().sent()
        self.fresh = True

    def take(self):
        may = self.fresh and self.fits()
        self.fresh = self.fresh and not may
        self.count(may)
        return may


class RefusedForEver(Given):
    """After a retry was refused none may go any more, however many requests follow."""

    shut = False

    def take(self):
        may = not self.shut and self.fits()
        self.shut = not may
        self.count(may)
        return may


class OfTheLatest(Given):
    """Each request that is sent has its own small budget: what was saved before is lost."""

    tokens = 0.0

    def sent(self):
        self.tokens = self.share

    def take(self):
        may = self.tokens >= 1
        self.tokens -= may
        return may
