"""The traffic player in the browser: it plays by itself, and never under reduced motion."""

import nbformat
import pytest
from labpage import opened

CELL = "from lbcore import RoundRobin\nfrom lbcore.lab import play\n\nplay(RoundRobin(3))"


@pytest.fixture(scope="module")
def player_server(serve, tmp_path_factory):
    """A JupyterLab with one notebook that shows a player."""
    folder = tmp_path_factory.mktemp("player")
    kernel = {"name": "python3", "display_name": "Python 3", "language": "python"}
    cells = [nbformat.v4.new_code_cell(CELL)]
    nbformat.write(nbformat.v4.new_notebook(cells=cells, metadata={"kernelspec": kernel}), folder / "player.ipynb")
    return serve(folder)


@pytest.mark.parametrize("motion", ["reduce", "no-preference"])
def test_it_starts_by_itself_unless_motion_is_reduced(browser, player_server, motion):
    with opened(browser, player_server, "player.ipynb", reduced_motion=motion) as lab:
        lab.run_all()
        player = lab.page.locator(".lbcore-player")
        button = player.locator(".lbcore-player-play")
        slider = player.get_by_role("slider")
        pixels = "player => player.querySelector('canvas').toDataURL()"
        lab.page.wait_for_timeout(500)
        first_value, first_pixels = slider.input_value(), player.evaluate(pixels)
        assert lab.page.evaluate("matchMedia('(prefers-reduced-motion: reduce)').matches") == (motion == "reduce")
        lab.page.wait_for_timeout(1500)
        still = (slider.input_value(), player.evaluate(pixels)) == (first_value, first_pixels)
        assert still == (motion == "reduce")
        assert button.inner_text() == ("Play" if still else "Pause")
        assert (float(first_value) == 0) == still

        button.focus()
        lab.page.keyboard.press("Space")
        assert button.inner_text() == ("Pause" if still else "Play")
        lab.page.wait_for_timeout(1500)
        assert float(slider.input_value()) > 0, "it does not play when asked to"
        assert lab.violations() == []
        assert lab.errors() == lab.console_errors == lab.abroad == []
