"""Wrong answers to 09-retry-budget. Each class's docstring is a part of the verdict that must name its mistake."""

import random


class Given:
    def __init__(self, share):
        self.share, self.requests, self.retries = share, 0, 0

    def sent(self):
        self.requests += 1

    def count(self, may):
        self.retries += bool(may)
        return bool(may)


class AlwaysYes(Given):
    """You always say yes: that is no budget."""

    def take(self):
        return True


class AlwaysNo(Given):
    """You never say yes: then nobody may retry at all."""

    def take(self):
        return False


class CountsNothing(Given):
    """The retries that go are not counted, so the budget is never spent."""

    def take(self):
        return self.retries + 1 <= self.share * self.requests


class CountsTheRefused(Given):
    """You count a retry that was refused as if it had gone."""

    def take(self):
        self.retries += 1
        return self.retries <= self.share * self.requests


class OneTooMany(Given):
    """You compare the retries without the one that asks, so one too many goes."""

    def take(self):
        return self.count(self.retries <= self.share * self.requests)


class OneTooFew(Given):
    """The retry that fits exactly must still go."""

    def take(self):
        return self.count(self.retries + 1 < self.share * self.requests)


class OfTheAttempts(Given):
    """That is a share of all attempts; it must be a share of the requests."""

    def take(self):
        return self.count(self.retries + 1 <= self.share * (self.requests + self.retries))


class NoShare(Given):
    """The share changes nothing: you allow as many retries as requests."""

    def take(self):
        return self.count(self.retries + 1 <= self.requests)


class Divides(Given):
    """You divide by the share, so a smaller share allows more."""

    def take(self):
        return self.count(self.share * (self.retries + 1) <= self.requests)


class WrongWayRound(Given):
    """Your comparison is the wrong way round."""

    def take(self):
        return self.count(self.retries + 1 >= self.share * self.requests)


class ShareAlone(Given):
    """You compare with the share alone: no retry ever fits into less than one."""

    def take(self):
        return self.count(self.retries + 1 <= self.share)


class Draws(Given):
    """A budget counts, it does not draw."""

    def take(self):
        return random.random() < self.share


class EveryFew(Given):
    """Share 0.25, 0 requests and 0 retries so far: you said True; 0.25 x 0 is 0."""

    def take(self):
        return self.requests % round(1 / self.share) == 0


class ReturnsTheCount(Given):
    """take returned 0, not True or False."""

    def take(self):
        self.count(self.retries + 1 <= self.share * self.requests)
        return self.retries


class ReturnsAList(Given):
    """take returned a list, not True or False."""

    def take(self):
        return [self.count(self.retries + 1 <= self.share * self.requests)]


class ReturnsNothing(Given):
    """take returned nothing. Does every way through it end with `return`?"""

    def take(self):
        self.count(self.retries + 1 <= self.share * self.requests)


class Misspelt(Given):
    """Share 0.25, after 0 requests: your code stopped in line"""

    def take(self):
        return self.count(self.retry + 1 <= self.share * self.requests)


class LostTheMethod:
    """LostTheMethod has no `take` any more."""

    def __init__(self, share):
        self.share = share

    def sent(self):
        pass
