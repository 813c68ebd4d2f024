"""Fixtures of the browser tests: one Chromium and one JupyterLab for each test process."""

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
def serve(tmp_path_factory: pytest.TempPathFactory, browser) -> Iterator:
    """Start a JupyterLab on a copy of a folder; ended with the test run."""
    servers: list[JupyterServer] = []

    def start(folder: Path) -> JupyterServer:
        servers.append(JupyterServer(folder, tmp_path_factory.mktemp("jupyter")))
        return servers[-1]

    yield start
    for server in servers:
        server.stop()


@pytest.fixture(scope="session")
def lessons_server(serve) -> JupyterServer:
    """A JupyterLab on a copy of the lessons."""
    return serve(LESSONS)
