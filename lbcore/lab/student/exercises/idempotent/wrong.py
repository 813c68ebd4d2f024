"""Known wrong answers to 08-idempotent; each docstring is the sentence that names the mistake.

Data, one short class a mistake, and so a long file. `Given` is right; the others do one thing in another way.
"""


class Given:
    def __init__(self):
        self.balance, self.answers = 0, {}

    def known(self, key, amount):
        return key in self.answers

    def again(self, key, amount):
        return self.answers[key]

    def deposit(self, amount):
        self.balance += amount

    def keep(self, key, amount):
        self.answers[key] = self.balance

    def answer(self, key, amount):
        return self.balance

    def handle(self, key, amount):
        if self.known(key, amount):
            return self.again(key, amount)
        self.deposit(amount)
        self.keep(key, amount)
        return self.answer(key, amount)


class PaysAgain(Given):
    """A request that comes again is paid in again: its key is not kept, not looked for, or looked for too late."""

    def known(self, key, amount):
        return False


class LooksForAmount(Given):
    """It is the key that tells requests apart. You look for the amount, and two requests may have the same."""


class ByAmount(LooksForAmount):
    def known(self, key, amount):
        return amount in self.answers

    def again(self, key, amount):
        return self.answers[amount]

    def keep(self, key, amount):
        self.answers[amount] = self.balance


class LooksForAmountInKeys(PaysAgain):
    def known(self, key, amount):
        return amount in self.answers


class OnlyTheFirst(Given):
    """Only the first request is done. Is it this key that you look for, and nothing else?"""


class LooksForBalance(OnlyTheFirst):
    def known(self, key, amount):
        return self.balance in self.answers.values()

    def again(self, key, amount):
        return self.balance


class LooksForNewBalance(Given):
    """You look for what the balance would be, not for the key."""

    def known(self, key, amount):
        return self.balance + amount in self.answers.values()

    def again(self, key, amount):
        return self.balance + amount


class LooksForAnything(OnlyTheFirst):
    def known(self, key, amount):
        return bool(self.answers)

    def again(self, key, amount):
        return next(iter(self.answers.values()))


class LooksForAnythingAndAnswersTheKey(OnlyTheFirst):
    known = LooksForAnything.known

    def again(self, key, amount):
        return self.answers.get(key)


class WrongWayRound(Given):
    """Your test is the wrong way round: a key that is new is taken for one that was there before."""

    def handle(self, key, amount):
        return self.answers.get(key)


class NeverPays(Given):
    """The balance never changes: nothing is paid in."""

    def deposit(self, amount):
        pass


class AnswersSum(NeverPays):
    def handle(self, key, amount):
        return self.answers.setdefault(key, self.balance + amount)


class SetsBalance(Given):
    """You set the balance to the amount. It should grow by it."""

    def deposit(self, amount):
        self.balance = amount


class AddsUpAnswers(Given):
    """You add up the answers. Each is a balance itself, so the first deposits count again and again."""

    def handle(self, key, amount):
        if key not in self.answers:
            self.answers[key] = self.balance + amount
            self.balance = sum(self.answers.values())
        return self.answers[key]


class TakesAway(Given):
    """You take the amount away, where it should be added."""

    def deposit(self, amount):
        self.balance -= amount


class PaysTwice(Given):
    """A new deposit is paid in twice."""

    def deposit(self, amount):
        self.balance += 2 * amount


class AddsOne(Given):
    """The balance grows by 1 for each request: it should be the amount."""

    def deposit(self, amount):
        self.balance += 1


class PaysBeforeItLooks(Given):
    """You pay in before you look for the key, so a repeated request is paid in again, whatever it is answered."""

    def known(self, key, amount):
        found = key in self.answers
        if found:
            self.balance += amount
        return found


class PaysAndAnswersNow(PaysAgain):
    known = PaysBeforeItLooks.known

    def again(self, key, amount):
        self.answers[key] = self.balance
        return self.balance


class TakesItBack(Given):
    """A repeated request takes its deposit back. It should change nothing."""

    def again(self, key, amount):
        self.balance -= amount
        return self.answers[key]


class TakesItBackAndForgets(TakesItBack):
    def again(self, key, amount):
        self.balance -= amount
        return self.answers.pop(key)


class TakesItBackAndAnswersNow(TakesItBack):
    def again(self, key, amount):
        self.balance -= amount
        return self.balance


class GoesBack(Given):
    """A repeated request sets the balance back to what it was then: what came later is lost."""

    def again(self, key, amount):
        self.balance = self.answers[key]
        return self.balance


class AnswersNow(Given):
    """A repeated request gets the balance of now. It should get the answer that it got then."""

    def again(self, key, amount):
        return self.balance


class AddsToTheAnswer(Given):
    """The amount of a repeated request is added to its answer. It should get the answer that it got then."""

    def again(self, key, amount):
        return self.answers[key] + amount


class AddsToWhatIsKept(AddsToTheAnswer):
    def again(self, key, amount):
        self.answers[key] += amount
        return self.answers[key]


class SaysNothingAgain(Given):
    """A repeated request gets no answer: who sends it again has not got the first one."""

    def again(self, key, amount):
        return None


class KeepsNothing(SaysNothingAgain):
    def keep(self, key, amount):
        self.answers[key] = None

    again = Given.again


class SaysNothingAtFirst(Given):
    """A new request gets no answer: who gets none asks again."""

    def answer(self, key, amount):
        return None


class NeverAnswers(SaysNothingAtFirst):
    def again(self, key, amount):
        return None


class Refuses(Given):
    """A repeated request is refused with an error. Who sends it again wants the answer, which may have been lost."""

    def again(self, key, amount):
        raise ValueError("this request was done before")


class KeepsTrue(Given):
    """You keep that the key was there, not what it was answered."""

    def keep(self, key, amount):
        self.answers[key] = True


class KeepsFalse(KeepsTrue):
    def keep(self, key, amount):
        self.answers[key] = False


class KeepsOne(KeepsTrue):
    def keep(self, key, amount):
        self.answers[key] = 1


class KeepsAmount(Given):
    """You keep the amount for the key, not what it was answered."""

    def keep(self, key, amount):
        self.answers[key] = amount


class KeepsKey(Given):
    """You keep the key, not what it was answered."""

    def keep(self, key, amount):
        self.answers[key] = key


class KeepsBoth(Given):
    """You keep more than the answer, and return all of it when the request comes again."""


class KeepsAmountAndAnswer(KeepsBoth):
    def keep(self, key, amount):
        self.answers[key] = amount, self.balance


class KeepsAnswerAndAmount(KeepsBoth):
    def keep(self, key, amount):
        self.answers[key] = self.balance, amount


class KeepsBefore(Given):
    """You keep the balance as it was before the deposit: its answer is the one after it."""

    def keep(self, key, amount):
        self.answers[key] = self.balance - amount


class KeepsOneMore(AddsToTheAnswer):
    again = Given.again

    def keep(self, key, amount):
        self.answers[key] = self.balance + amount


class AnswersBefore(Given):
    """The answer is the balance before the deposit. It should be the one after it."""

    def keep(self, key, amount):
        self.answers[key] = self.balance - amount

    def answer(self, key, amount):
        return self.balance - amount


class AnswersAmount(Given):
    """You answer the amount. The answer is the new balance."""

    def keep(self, key, amount):
        self.answers[key] = amount

    def answer(self, key, amount):
        return amount


class AnswersAmountAtFirst(AnswersAmount):
    keep = Given.keep


class AnswersKey(Given):
    """You answer the key. The answer is the new balance."""

    def answer(self, key, amount):
        return key


class AnswersTrue(Given):
    """You answer whether it was done. The answer is the new balance."""

    def keep(self, key, amount):
        self.answers[key] = True

    def answer(self, key, amount):
        return True


class AnswersTrueThenFalse(AnswersTrue):
    def again(self, key, amount):
        return False


class AnswersTrueThenBalance(AnswersTrue):
    keep = Given.keep


class ReturnsAll(Given):
    """You return all answers. Each request wants its own."""

    def again(self, key, amount):
        return self.answers


class ZeroIsNo(Given):
    """An answer of 0 counts as no answer with you, so that request is done again. Look for the key."""

    def known(self, key, amount):
        return bool(self.answers.get(key))


class BelowZeroIsNo(Given):
    """An answer of 0 or less counts as no answer with you, so that request is done again. Look for the key."""

    def known(self, key, amount):
        return self.answers.get(key, 0) > 0


class EmptyKey(Given):
    """An empty key counts as none with you, so its request is done again: it is a key as others are."""

    def known(self, key, amount):
        return bool(key) and key in self.answers


class NoWithdrawals(Given):
    """A negative amount is not paid out. It is a request as others are."""

    def deposit(self, amount):
        self.balance += max(0, amount)


class NoOverdraft(Given):
    """A balance below 0 is not allowed with you: the rule says nothing of it."""

    def deposit(self, amount):
        if self.balance + amount >= 0:
            self.balance += amount


class StopsAtZero(NoOverdraft):
    def deposit(self, amount):
        self.balance = max(0, self.balance + amount)


class OnlyPositive(Given):
    """An amount has no sign with you: what is taken out should make the balance smaller."""

    def deposit(self, amount):
        self.balance += abs(amount)


class Forgets(Given):
    """You forget a key too soon: a repetition may come late, and more than once."""


class OnlyTheLatest(Forgets):
    """You remember the latest request only."""

    def keep(self, key, amount):
        self.answers = {key: self.balance}


class UntilAnotherComes(OnlyTheLatest):
    last = None

    def known(self, key, amount):
        found, self.last = key == self.last, key
        return found


class ForgetsAfterOnce(Forgets):
    """A key is forgotten when it has come twice: the third time it is done again."""

    def again(self, key, amount):
        return self.answers.pop(key)


class ThirdIsNew(ForgetsAfterOnce):
    """A request that comes a third time is done again. However often it comes, it is done once."""

    def __init__(self):
        super().__init__()
        self.times = {}

    def known(self, key, amount):
        self.times[key] = self.times.get(key, 0) + 1
        return key in self.answers and self.times[key] <= 2

    again = Given.again


class ForgetsAnswerAfterOnce(Forgets):
    """The answer is forgotten when it has been given twice: the third time there is none."""

    def again(self, key, amount):
        answer, self.answers[key] = self.answers[key], None
        return answer


class KeepsSome(Forgets):
    """You remember some keys only, and a repetition may come after many others."""


class KeepsTwenty(KeepsSome):
    most = 20

    def keep(self, key, amount):
        self.answers[key] = self.balance
        if len(self.answers) > self.most:
            del self.answers[next(iter(self.answers))]


class KeepsTwo(KeepsTwenty):
    most = 2


class KeepsThree(KeepsTwenty):
    most = 3


class KeepsFive(KeepsTwenty):
    most = 5


class KeepsTen(KeepsTwenty):
    most = 10


class KeepsFifty(KeepsTwenty):
    most = 50


class KeepsAHundred(KeepsTwenty):
    most = 100


class KeepsAThousand(KeepsTwenty):
    most = 1000


class ClearsAfterTen(KeepsSome):
    most = 10

    def keep(self, key, amount):
        if len(self.answers) >= self.most:
            self.answers.clear()
        self.answers[key] = self.balance


class ClearsAfterAHundred(ClearsAfterTen):
    most = 100


class ClearsAfterAThousand(ClearsAfterTen):
    most = 1000


class UntilTheNextNew(OnlyTheLatest):
    def handle(self, key, amount):
        if key not in self.answers:
            self.answers.clear()
        return super().handle(key, amount)


class OtherKey(Given):
    """Keys that are not the same are the same for you: each other text is another key."""


class IgnoresCase(OtherKey):
    """Capital and small letters are the same for you in a key: each other text is another key."""

    def change(self, key):
        return key.lower()

    def handle(self, key, amount):
        return super().handle(self.change(key), amount)


class Strips(IgnoresCase):
    """You ignore spaces in a key: each other text is another key."""

    def change(self, key):
        return key.strip()


class IgnoresCaseAndStrips(IgnoresCase):
    """You ignore capitals and spaces in a key: each other text is another key."""

    def change(self, key):
        return key.strip().lower()


class FirstLetter(IgnoresCase):
    """You look at the first letter of a key only."""

    def change(self, key):
        return key[:1]


class ByLength(IgnoresCase):
    """You look at the length of a key only."""

    def change(self, key):
        return len(key)


class ByLetters(IgnoresCase):
    """You look at the letters of a key and not at their order."""

    def change(self, key):
        return "".join(sorted(key))


class InASmallTable(IgnoresCase):
    """Keys that fall into the same place of a small table are the same for you."""

    def change(self, key):
        return sum(key.encode()) % 16


class StartsWith(Given):
    """A key that is the beginning of another is taken for it."""

    def known(self, key, amount):
        return any(one.startswith(key) for one in self.answers)

    def again(self, key, amount):
        return next(answer for one, answer in self.answers.items() if one.startswith(key))


class Inside(StartsWith):
    """A key that is a part of another is taken for it: they are compared as a whole."""

    def known(self, key, amount):
        return any(key in one for one in self.answers)

    def again(self, key, amount):
        return next(answer for one, answer in self.answers.items() if key in one)


class InAString(StartsWith):
    """Keys stand one after the other in a text with you, and a part of it is taken for a key."""

    def known(self, key, amount):
        return key in "".join(self.answers)

    def again(self, key, amount):
        return self.answers.get(key)


class Ordered(Given):
    """A key that sorts before one that came earlier is taken for done. Keys have no order."""

    def known(self, key, amount):
        return any(key <= one for one in self.answers)

    def again(self, key, amount):
        return self.answers.get(key, self.balance)


class OnlyAtOnce(OnlyTheLatest):
    last = None

    def handle(self, key, amount):
        again, self.last = key == self.last, key
        if again:
            return self.answers[key]
        self.balance += amount
        self.answers[key] = self.balance
        return self.balance


class Shared(Given):
    """All accounts share what they remember: it belongs into `self`, made in `__init__`."""

    all_answers = {}  # noqa: RUF012 (this is the mistake)

    def __init__(self):
        self.balance, self.answers = 0, self.all_answers


class SharedBalance(Given):
    """All accounts have one balance: it belongs into `self`, made in `__init__`."""

    total = 0

    @property
    def balance(self):
        return SharedBalance.total

    @balance.setter
    def balance(self, balance):
        SharedBalance.total = balance


class KeyAndAmount(Given):
    """You look for key and amount together: a key that was there before is done, whatever its amount is now."""

    def known(self, key, amount):
        return (key, amount) in self.answers

    def again(self, key, amount):
        return self.answers[key, amount]

    def keep(self, key, amount):
        self.answers[key, amount] = self.balance


class OtherAmountIsNew(KeyAndAmount):
    def known(self, key, amount):
        return key in self.answers and self.amounts[key] == amount

    def again(self, key, amount):
        return self.answers[key]

    def keep(self, key, amount):
        self.amounts = {**getattr(self, "amounts", {}), key: amount}
        self.answers[key] = self.balance


class RefusesOtherAmount(Given):
    """A key that comes with another amount is refused, as some services do. Here it gets its first answer."""

    def __init__(self):
        super().__init__()
        self.amounts = {}

    def keep(self, key, amount):
        super().keep(key, amount)
        self.amounts[key] = amount

    def again(self, key, amount):
        if self.amounts[key] != amount:
            return self.other(key, amount)
        return self.answers[key]

    def other(self, key, amount):
        raise ValueError("another amount")


class NothingForOtherAmount(RefusesOtherAmount):
    """A key that comes with another amount gets no answer. It should get its first one."""

    def other(self, key, amount):
        return None


class BalanceForOtherAmount(RefusesOtherAmount):
    """A key that comes with another amount gets the balance of now. It should get its first answer."""

    def other(self, key, amount):
        return self.balance


class CorrectsAmount(RefusesOtherAmount):
    """A key that comes with another amount corrects the first deposit. It should change nothing."""

    def other(self, key, amount):
        self.balance += amount - self.amounts[key]
        self.keep(key, amount)
        return self.balance


class PaysTheRest(RefusesOtherAmount):
    """A key that comes with a larger amount is paid the difference. It should change nothing."""

    def other(self, key, amount):
        if amount > self.amounts[key]:
            self.balance += amount - self.amounts[key]
            self.keep(key, amount)
        return self.answers[key]
