"""The graders, one file an exercise: its stub, and what it says to right and to wrong answers.

A grader is a module with NAME (what the lesson calls the exercise), CLASS (the name of the class in the stub), STUB
(the code in the lesson's cell) and `grade(cls)`, which returns the sentence for a right answer and raises
`trial.Wrong` with the sentence for a wrong one. It calls the student's code through `trial.ask` only.
"""

from types import ModuleType

from lbcore.lab.graders import (
    adaptive_timeout,
    bounded_ring,
    fewest_in_flight,
    hash_slots,
    idempotent,
    retry_budget,
    skip_the_dead,
    smooth_weighted,
    two_choices,
)

__all__ = ["KNOWN"]

#: Every exercise, in the order of the lessons.
KNOWN: dict[str, ModuleType] = {
    grader.NAME: grader
    for grader in (
        skip_the_dead,
        two_choices,
        smooth_weighted,
        hash_slots,
        bounded_ring,
        fewest_in_flight,
        adaptive_timeout,
        idempotent,
        retry_budget,
    )
}
