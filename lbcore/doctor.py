"""Does this machine have what the lessons need? One line for each check, and in words what to do where one fails.

It stands outside the lab, and imports nothing of Jupyter, so that it can tell what is missing there.
"""

import importlib
import importlib.metadata
import sys
from collections.abc import Callable
from pathlib import Path

__all__ = ["checks", "environment", "results"]

INSTALL = 'in a terminal, in lbcore\'s folder, run: python -m pip install -e ".[lessons]", then restart the kernel'


def _python() -> str | None:
    if sys.version_info < (3, 11):  # noqa: UP036 (the check is what this file is for)
        return f"this is Python {sys.version_info[0]}.{sys.version_info[1]}; install Python 3.11 or newer"
    return None


def _core() -> str | None:
    try:
        from lbcore.selectors import RoundRobin

        picks = RoundRobin(3).select_many(4).tolist()
    except Exception as error:
        repair = "in a terminal, in lbcore's folder, run: python -m pip install -e ."
        return f"it cannot be loaded ({type(error).__name__}: {error}); {repair}"
    return None if picks == [0, 1, 2, 0] else f"it picks {picks} instead of [0, 1, 2, 0]; please report this"


def _package(name: str, least: tuple[int, ...]) -> Callable[[], str | None]:
    def look() -> str | None:
        try:
            found = importlib.metadata.version(name)
        except importlib.metadata.PackageNotFoundError:
            return f"it is not installed; {INSTALL}"
        numbers = tuple(int(part) for part in found.split(".")[:2] if part.isdigit())
        if numbers < least:
            return f"this is {found}, older than {'.'.join(map(str, least))}; {INSTALL}"
        return None

    return look


def _imports(name: str) -> Callable[[], str | None]:
    def look() -> str | None:
        try:
            importlib.import_module(name)
        except Exception as error:
            return f"it cannot be loaded ({type(error).__name__}: {error}); {INSTALL}"
        return None

    return look


def _front_end() -> str | None:
    """Whether JupyterLab finds the browser's half of the widgets, which is a folder beside the packages."""
    try:
        from jupyter_core.paths import jupyter_path
    except ImportError:
        return f"Jupyter is not installed; {INSTALL}"
    wanted = ("@jupyter-widgets/jupyterlab-manager", "anywidget")
    folders = [Path(path) for path in jupyter_path("labextensions")]
    missing = [name for name in wanted if not any((folder / name).is_dir() for folder in folders)]
    if missing:
        return f"JupyterLab does not see {' and '.join(missing)}; {INSTALL}, and reload this page"
    return None


def checks() -> tuple[tuple[str, Callable[[], str | None]], ...]:
    """What is checked: a name, and a function that returns None or what to do."""
    return (
        ("Python 3.11 or newer", _python),
        ("the compiled core", _core),
        ("JupyterLab", _package("jupyterlab", (4, 0))),
        ("ipywidgets", _package("ipywidgets", (8, 0))),
        ("anywidget", _imports("anywidget")),
        ("matplotlib", _imports("matplotlib")),
        ("the widgets' front end", _front_end),
    )


def results() -> list[tuple[str, str | None]]:
    """Each check's name, and None or what to do. It never raises."""
    found: list[tuple[str, str | None]] = []
    for name, look in checks():
        try:
            found.append((name, look()))
        except Exception as error:
            found.append((name, f"the check itself failed ({type(error).__name__}: {error}); {INSTALL}"))
    return found


def environment() -> None:
    """Print one line for each check: `ok`, or in words what to do. It never raises."""
    found = results()
    for name, trouble in found:
        print(f"ok       {name}" if trouble is None else f"missing  {name}: {trouble}")
    failed = sum(trouble is not None for _, trouble in found)
    print(
        "Everything is there: you can start."
        if not failed
        else f"{failed} of {len(found)} checks failed: mend them from the top, then run this cell again."
    )
