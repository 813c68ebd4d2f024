"""Fixtures of the browser tests: one Chromium and one JupyterLab for all tests of a process."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from labpage import BROWSERS, FLAGS, JupyterServer, find_browser

LESSONS = Path(__file__).parents[2] / "lessons"


@pytest.fixture(scope="session")
def browser() -> Iterator:
    """A headless Chromium."""
    api = pytest.importorskip("playwright.sync_api", reason='playwright is missing: pip install "lbcore[test]"')
    path = find_browser()
    if path is None:
        pytest.skip(f"no browser found ({', '.join(BROWSERS)}): install one, for example: apt-get install chromium")
    with api.sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path=path, args=list(FLAGS))
        yield chromium
        chromium.close()


@pytest.fixture(scope="session")
def server(tmp_path_factory: pytest.TempPathFactory, browser) -> Iterator[JupyterServer]:
    """A JupyterLab on a copy of the lessons, to which a test may add notebooks."""
    started = JupyterServer(LESSONS, tmp_path_factory.mktemp("jupyter"))
    yield started
    started.stop()
