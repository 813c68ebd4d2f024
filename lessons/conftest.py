"""The lessons as tests: strict nbval runs those in executed/; the others have no outputs that it could compare."""

from pathlib import Path

import pytest

HERE = Path(__file__).parent
#: Cells run in this folder, where `data/` is, and show at once what a prediction would hold back, as in the copies.
SETTING = f"__import__('os').chdir({str(HERE)!r}); __import__('os').environ['LBCORE_REVEAL'] = '1'"
collect_ignore_glob = ["[0-9]*.ipynb"]


@pytest.hookimpl(trylast=True)
def pytest_runtest_setup(item: pytest.Item) -> None:
    """The setting of the copies; nbval starts the kernel in the notebook's own folder."""
    item.parent.kernel.kc.execute(SETTING, silent=True)
