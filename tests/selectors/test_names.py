"""What `import lbcore` shows, and where the rest has gone."""

import importlib
import re
from pathlib import Path

import pytest

import lbcore
from lbcore import selectors

README = (Path(__file__).parents[2] / "README.md").read_text()


def test_lbcore_shows_the_selectors_that_the_readme_names() -> None:
    paragraph = README.split("## Use the selectors")[1].split("share one contract")[0].split("```")[-1]
    assert set(lbcore.__all__) == {*re.findall(r"`([A-Z]\w+)`", paragraph), "AllFull", "Selector", "moved"}
    assert all(getattr(lbcore, name) is getattr(selectors, name) for name in lbcore.__all__)


@pytest.mark.parametrize("name", selectors._SYSTEMS)
def test_a_name_that_left_says_where_it_went(name: str) -> None:
    where = f"lbcore.selectors.systems.{selectors._SYSTEMS[name]}"
    assert issubclass(getattr(importlib.import_module(where), name), lbcore.Selector)
    for code in (f"from lbcore import {name}", f"import lbcore; lbcore.{name}", f"from lbcore.selectors import {name}"):
        with pytest.raises(ImportError, match=f"^{name} has moved to {where}, and lbcore.presets"):
            exec(code)


def test_a_name_that_never_was() -> None:
    for module in (lbcore, selectors):
        with pytest.raises(AttributeError, match=f"module '{module.__name__}' has no attribute 'NoSuchRobin'"):
            _ = module.NoSuchRobin
    with pytest.raises(ImportError, match="cannot import name 'NoSuchRobin'"):
        exec("from lbcore import NoSuchRobin")
