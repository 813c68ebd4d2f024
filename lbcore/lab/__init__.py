"""What a lesson calls: exhibits by their names, and predictions, exercises, quizzes. Needs the extra `lessons`.

An exhibit is a file in `exhibits/`, found by its name; nothing of it is loaded before it is asked for.
"""

import os
import sys
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Any

from lbcore.lab import exhibits

if "IPython" in sys.modules:
    from lbcore.lab.frame import cells

    # In a notebook the import itself is what a lesson's first cell does.
    cells.guide()

if TYPE_CHECKING:
    from lbcore.lab.exhibits.failover._sketches import Trusting as Trusting
    from lbcore.lab.exhibits.failover._sketches import beat as beat
    from lbcore.lab.exhibits.failover._sketches import serve as serve
    from lbcore.lab.exhibits.keys._reader import read_keys as read_keys
    from lbcore.lab.exhibits.keys.count_keys import count_keys as count_keys
    from lbcore.lab.exhibits.queues._sketches import FirstOfEquals as FirstOfEquals
    from lbcore.lab.frame.controls import choice as choice
    from lbcore.lab.frame.controls import deal_again as deal_again
    from lbcore.lab.frame.controls import slider as slider
    from lbcore.lab.frame.inputs import distinct_keys as distinct_keys
    from lbcore.lab.frame.show import show as show
    from lbcore.lab.frame.veil import reveal as reveal
    from lbcore.lab.player.play import play as play
    from lbcore.lab.player.play import race as race
    from lbcore.lab.student.check import check as check
    from lbcore.lab.student.predict import predict as predict
    from lbcore.lab.student.progress import forget as forget
    from lbcore.lab.student.progress import progress as progress
    from lbcore.lab.student.quiz import quiz as quiz

#: Where what is no exhibit stands.
_PLACES = {
    "FirstOfEquals": "exhibits.queues._sketches",
    "Trusting": "exhibits.failover._sketches",
    "beat": "exhibits.failover._sketches",
    "check": "student.check",
    "choice": "frame.controls",
    "deal_again": "frame.controls",
    "distinct_keys": "frame.inputs",
    "forget": "student.progress",
    "play": "player.play",
    "predict": "student.predict",
    "progress": "student.progress",
    "quiz": "student.quiz",
    "race": "player.play",
    "read_keys": "exhibits.keys._reader",
    "reveal": "frame.veil",
    "serve": "exhibits.failover._sketches",
    "show": "frame.show",
    "slider": "frame.controls",
}
#: What the extra `lessons` installs.
_EXTRA = {"IPython", "PIL", "anywidget", "ipywidgets", "matplotlib", "traitlets"}


def __dir__() -> list[str]:
    return sorted({*_PLACES, *exhibits.names()})


def __getattr__(name: str) -> Any:
    try:
        if name in _PLACES:
            return getattr(import_module(f"{__name__}.{_PLACES[name]}"), name)
        return exhibits.find(name)
    except KeyError:
        raise AttributeError(f"lbcore.lab has no {name!r}; it has {', '.join(__dir__())}") from None
    except (ImportError, AttributeError) as error:
        if hidden := _hidden():
            own, file = hidden
            raise ImportError(
                f"The file {file} hides Python's own module {own}, which lbcore.lab needs. Give the file another name, "
                "and restart the kernel."
            ) from error
        if not isinstance(error, ModuleNotFoundError) or str(error.name).partition(".")[0] not in _EXTRA:
            raise
        raise ImportError(
            f"lbcore.lab needs {error.name}, which is not installed. In a terminal, in lbcore's folder, "
            'run: python -m pip install -e ".[lessons]"'
        ) from error


def _hidden() -> tuple[str, str] | None:
    """A module of Python's library in whose place a file of the user's was loaded, as html.py in his folder is."""
    library = Path(os.__file__).resolve().parent
    folders = {Path(folder).resolve() for folder in sys.path}
    for name in sorted(sys.stdlib_module_names & sys.modules.keys()):
        file = getattr(sys.modules[name], "__file__", None)
        if file is None:
            continue
        place = Path(file).resolve()
        # setuptools puts a distutils of its own in the place of Python's, from within its package.
        found_in = place.parent.parent if place.name == "__init__.py" else place.parent
        if found_in in folders and not place.is_relative_to(library):
            return name, file
    return None
