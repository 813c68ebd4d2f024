"""Lesson 08, exercise 08-idempotent: a key is looked for before the work, and kept with its answer after it."""


class Account:
    def __init__(self):
        self.balance, self.answers = 0, {}  # by key

    def handle(self, key, amount):
        if key in self.answers:  # this request was done before
            return self.answers[key]
        self.balance += amount
        self.answers[key] = self.balance  # remember what it is answered
        return self.balance
