"""Lesson 07, exercise 07-adaptive-timeout: forgive the mean of the last gaps, and k standard deviations more.

In a calm network the deviation is small and the timeout short; in a storm both grow. Dividing by n - 1 is as right.
"""


class Adaptive:
    def __init__(self, k):
        self.k, self.last_s, self.gaps = k, None, []

    def heartbeat(self, now_s):
        if self.last_s is not None:
            self.gaps.append(now_s - self.last_s)
        self.last_s = now_s

    def timeout_s(self):
        gaps = self.gaps[-50:]  # as the network is now
        mean = sum(gaps) / len(gaps)
        sd = (sum((gap - mean) ** 2 for gap in gaps) / len(gaps)) ** 0.5
        return mean + self.k * sd
