"""The environment check: the same text where all is well, and what to do where something is missing."""

import importlib.metadata
import subprocess
import sys

import pytest

from lbcore import doctor


def test_all_is_well(capsys):
    doctor.environment()
    lines = capsys.readouterr().out.splitlines()
    assert lines[-1] == "Everything is there: you can start."
    assert lines[:-1] == [f"ok       {name}" for name, _ in doctor.checks()]


def test_a_missing_package_is_told_with_its_remedy(capsys, monkeypatch):
    version = importlib.metadata.version

    def without_lab(name):
        if name == "jupyterlab":
            raise importlib.metadata.PackageNotFoundError(name)
        return version(name)

    monkeypatch.setattr(importlib.metadata, "version", without_lab)
    doctor.environment()
    told = capsys.readouterr().out
    assert (
        "missing  JupyterLab: it is not installed; in a terminal, in lbcore's folder, run: python -m pip install"
        in told
    )
    assert f"1 of {len(doctor.checks())} checks failed" in told


def test_an_old_package_is_told(capsys, monkeypatch):
    version = importlib.metadata.version
    monkeypatch.setattr(importlib.metadata, "version", lambda name: "7.6.5" if name == "ipywidgets" else version(name))
    doctor.environment()
    assert "missing  ipywidgets: this is 7.6.5, older than 8.0" in capsys.readouterr().out


def test_a_front_end_that_is_not_there_is_told(capsys, monkeypatch, tmp_path):
    import jupyter_core.paths

    monkeypatch.setattr(jupyter_core.paths, "jupyter_path", lambda *_: [str(tmp_path)])
    doctor.environment()
    assert "JupyterLab does not see @jupyter-widgets/jupyterlab-manager and anywidget" in capsys.readouterr().out


def test_a_core_that_does_not_load_is_told(capsys, monkeypatch):
    monkeypatch.setitem(sys.modules, "lbcore.selectors", None)
    doctor.environment()
    assert "missing  the compiled core: it cannot be loaded" in capsys.readouterr().out


def test_it_never_raises(capsys, monkeypatch):
    def broken():
        raise RuntimeError("no luck")

    monkeypatch.setattr(doctor, "checks", lambda: (("one", broken), ("two", lambda: None)))
    doctor.environment()
    told = capsys.readouterr().out
    assert "missing  one: the check itself failed (RuntimeError: no luck)" in told and "ok       two" in told


@pytest.mark.parametrize("missing", ["ipywidgets", "anywidget", "matplotlib"])
def test_the_lab_without_its_extra_names_the_extra(missing):
    code = f"import sys; sys.modules[{missing!r}] = None\nfrom lbcore.lab import slider, show, ring"
    told = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True).stderr
    assert "ImportError: lbcore.lab needs" in told and 'pip install -e ".[lessons]"' in told


def test_lbcore_alone_loads_nothing_of_jupyter():
    code = "import sys, lbcore; print(sorted(m for m in ('ipywidgets', 'IPython', 'matplotlib') if m in sys.modules))"
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, text=True).stdout.strip() == "[]"
