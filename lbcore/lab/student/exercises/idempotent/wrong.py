"""Wrong answers to 08-idempotent. Each class's docstring is a part of the verdict that must name its mistake."""


class Given:
    def __init__(self):
        self.balance, self.answers = 0, {}


class PaysAgain(Given):
    """handle("b", 5), again: the balance goes from 12 to 17. You do not look for its key, so the deposit"""

    def handle(self, key, amount):
        self.balance += amount
        self.answers[key] = self.balance
        return self.balance


class LooksForTheAmount(Given):
    """handle("b", 5): the balance stays at 7, the deposit was not made. Another request had the same amount."""

    def handle(self, key, amount):
        if amount in self.answers:
            return self.answers[amount]
        self.balance += amount
        self.answers[amount] = self.balance
        return self.balance


class NeverPays(Given):
    """handle("a", 5): the balance stays at 0, the deposit was not made. The key is new"""

    def handle(self, key, amount):
        return self.answers.setdefault(key, self.balance)


class AnswersTheBalanceNow(Given):
    """handle("a", 5), again: nothing is paid in again, which is right, but it answered 12, the balance now."""

    def handle(self, key, amount):
        if key not in self.answers:
            self.balance += amount
            self.answers[key] = True
        return self.balance


class SaysNothingAgain(Given):
    """handle("b", 5), again: nothing is paid in again, which is right, but it returned nothing. Who repeats"""

    def handle(self, key, amount):
        if key in self.answers:
            return None
        self.balance += amount
        self.answers[key] = self.balance
        return self.balance


class SaysNothingAtFirst(Given):
    """handle("a", 5): It returned nothing. Who gets no answer asks again."""

    def handle(self, key, amount):
        if key in self.answers:
            return self.answers[key]
        self.balance += amount
        self.answers[key] = self.balance


class RefusesRepetitions(Given):
    """handle("b", 5), again: your code stopped in line"""

    def handle(self, key, amount):
        if key in self.answers:
            raise ValueError("this request was done before")
        self.balance += amount
        self.answers[key] = self.balance
        return self.balance


class ZeroIsNo(Given):
    """handle("d", -12), again: the balance goes from 0 to -12. Its answer was 0, and that counts as no answer"""

    def handle(self, key, amount):
        if self.answers.get(key):
            return self.answers[key]
        self.balance += amount
        self.answers[key] = self.balance
        return self.balance


class RemembersTheLatest(Given):
    """handle("a", 5), again: the balance goes from 12 to 17. You remember the latest request only."""

    def handle(self, key, amount):
        if key in self.answers:
            return self.answers[key]
        self.balance += amount
        self.answers = {key: self.balance}
        return self.balance


class ForgetsAfterOnce(Given):
    """handle("a", 5), again: the balance goes from 12 to 17. You knew it the second time, and not the third."""

    def handle(self, key, amount):
        if key in self.answers:
            return self.answers.pop(key)
        self.balance += amount
        self.answers[key] = self.balance
        return self.balance


class KeepsTwenty(Given):
    """requests later it is forgotten. A repetition may come late."""

    def handle(self, key, amount):
        if key in self.answers:
            return self.answers[key]
        self.balance += amount
        self.answers[key] = self.balance
        if len(self.answers) > 20:
            del self.answers[next(iter(self.answers))]
        return self.balance


class AnswersTheOldBalance(Given):
    """handle("a", 5): It answered 0, the balance before the deposit."""

    def handle(self, key, amount):
        if key not in self.answers:
            self.answers[key] = self.balance
            self.balance += amount
        return self.answers[key]


class AnswersTheAmount(Given):
    """handle("c", 2): It answered 2, the amount. The answer is the new balance."""

    def handle(self, key, amount):
        if key not in self.answers:
            self.balance += amount
            self.answers[key] = amount
        return self.answers[key]


class SaysDone(Given):
    """handle("b", 5), again: nothing is paid in again, which is right, but it answered 'done before'. The first time"""

    def handle(self, key, amount):
        if key in self.answers:
            return "done before"
        self.balance += amount
        self.answers[key] = self.balance
        return self.balance


class TakesItBack(Given):
    """handle("b", 5), again: the balance goes from 12 to 7. A repeated request changes nothing."""

    def handle(self, key, amount):
        if key in self.answers:
            self.balance -= amount
            return self.answers[key]
        self.balance += amount
        self.answers[key] = self.balance
        return self.balance


class PaysDouble(Given):
    """handle("a", 5): the balance goes from 0 to 10, not to 5."""

    def handle(self, key, amount):
        if key not in self.answers:
            self.balance += 2 * amount
            self.answers[key] = self.balance
        return self.answers[key]


class SharedMemory:
    """Two accounts, and each is told of a deposit of 5: the second has 0. They share what they remember"""

    answers = {}  # noqa: RUF012 (this is the mistake)

    def __init__(self):
        self.balance = 0

    def handle(self, key, amount):
        if key in self.answers:
            return self.answers[key]
        self.balance += amount
        self.answers[key] = self.balance
        return self.balance


class NoBalance(Given):
    """`balance` is None and no number any more."""

    def handle(self, key, amount):
        if key in self.answers:
            return self.answers[key]
        answer = self.answers[key] = self.balance + amount
        self.balance = None
        return answer
