"""Settings for every test: property tests draw the same inputs each time, so that they never flake.

LBCORE_EXPLORE=1 draws others, and many more of them: for a look around, and after a change to the core.
"""

import os

import pytest
from hypothesis import settings

settings.register_profile("same", derandomize=True, deadline=None)
settings.register_profile("explore", deadline=None)
settings.load_profile("explore" if os.environ.get("LBCORE_EXPLORE") == "1" else "same")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """The file with the builds takes longest, so it begins first; else one process would end long after the other."""
    items.sort(key=lambda item: item.path.name != "test_build.py")
