"""Every example in a docstring of the faults does what it shows."""

import doctest
import importlib
import pkgutil

import pytest

import lbcore.faults

MODULES = sorted(found.name for found in pkgutil.walk_packages(lbcore.faults.__path__, "lbcore.faults."))


@pytest.mark.parametrize("name", MODULES)
def test_doctests(name: str) -> None:
    assert doctest.testmod(importlib.import_module(name)).failed == 0


def test_there_are_examples() -> None:
    finder = doctest.DocTestFinder(exclude_empty=True)
    examples = [test for name in MODULES for test in finder.find(importlib.import_module(name)) if test.examples]
    assert len(examples) > 30
