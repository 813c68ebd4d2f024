"""Lesson 08, exercise 08-idempotent: a key is looked for before the work, and kept with its answer after it."""


class Account:
    def __init__(self):
        self.balance, self.answers = 0, {}  # by key

    def handle(self, key, amount):
        # stub: if ...:  # this request was done before
        if key in self.answers:  # this request was done before
            # stub: return ...
            return self.answers[key]
        self.balance += amount
        # stub: ...  # remember what it is answered
        self.answers[key] = self.balance  # remember what it is answered
        # given
        return self.balance
