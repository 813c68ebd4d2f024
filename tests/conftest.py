"""Settings for every test: property tests draw the same inputs each time, so that they never flake.

LBCORE_EXPLORE=1 draws others, and many more of them: for a look around, and after a change to the core. --soak adds the
tests that take too long for every run; without it they are deselected.
"""

import os

import pytest
from hypothesis import settings

settings.register_profile("same", derandomize=True, deadline=None)
settings.register_profile("explore", deadline=None)
settings.load_profile("explore" if os.environ.get("LBCORE_EXPLORE") == "1" else "same")


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--soak", action="store_true", help="run also the tests that take too long for every run")


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    if not config.getoption("soak"):
        long = [item for item in items if item.get_closest_marker("soak")]
        config.hook.pytest_deselected(items=long)
        items[:] = [item for item in items if item not in long]
