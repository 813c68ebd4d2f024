"""Lesson 09, exercise 09-retry-budget: retries, the one that asks included, are at most a share of the requests.

An account in tokens is as good: each request pays in the share, each retry takes one token.
"""


class Budget:
    def __init__(self, share):
        self.share = share  # 0.1: one retry in ten
        self.requests, self.retries = 0, 0

    def sent(self):
        self.requests += 1  # the first try of one

    def take(self):
        # stub: may = ...  # True or False: one more retry?
        may = self.retries + 1 <= self.share * self.requests
        # stub: ...  # if it may, it counts
        if may:
            self.retries += 1
        # given
        return may
