"""The lessons as tests: strict nbval runs those in executed/; the others have no outputs that it could compare."""

from pathlib import Path

import pytest

HERE = Path(__file__).parent
collect_ignore_glob = ["[0-9]*.ipynb"]


@pytest.hookimpl(trylast=True)
def pytest_runtest_setup(item: pytest.Item) -> None:
    """Each cell runs in this folder, where `data/` is; nbval starts the kernel in the notebook's own."""
    item.parent.kernel.kc.execute(f"__import__('os').chdir({str(HERE)!r})", silent=True)
