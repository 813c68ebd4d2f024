"""Right answers to 09-retry-budget that are not the solution."""

from fractions import Fraction

import numpy as np


class Given:
    def __init__(self, share):
        self.share, self.requests, self.retries = share, 0, 0

    def sent(self):
        self.requests += 1


class Tokens:
    def __init__(self, share):
        self.share, self.tokens = share, 0.0

    def sent(self):
        self.tokens += self.share

    def take(self):
        if self.tokens < 1:
            return False
        self.tokens -= 1
        return True


class AddsTheAnswer(Given):
    def take(self):
        may = self.share * self.requests - self.retries >= 1
        self.retries += may
        return may


class Exact(Given):
    def take(self):
        if Fraction(self.retries + 1) > Fraction(self.share) * self.requests:
            return False
        self.retries += 1
        return True


class Numpy(Given):
    def take(self):
        may = np.float64(self.share) * self.requests >= self.retries + 1
        self.retries += int(may)
        return may


class KeepsALog(Given):
    def __init__(self, share):
        super().__init__(share)
        self.log = []

    def take(self):
        print("asked")
        if len(self.log) < int(self.share * self.requests):
            self.log.append(self.requests)
            return True
        return False


class KeepsAnEllipsis(Given):
    def take(self):
        ...
        may = self.retries < self.share * self.requests and self.retries + 1 <= self.share * self.requests
        self.retries += may
        return may


class SpendsRequests:
    """Each retry costs as many requests as allow one."""

    def __init__(self, share):
        self.price, self.saved = 1 / share, 0.0

    def sent(self):
        self.saved += 1

    def take(self):
        may = self.saved >= self.price
        self.saved -= self.price * may
        return may


class AsAPart(Given):
    def take(self):
        may = self.requests > 0 and (self.retries + 1) / self.requests <= self.share
        self.retries += may
        return may
