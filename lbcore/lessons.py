"""Where the lessons are, and a copy of them to work in. A wheel carries them; a checkout has them beside lbcore."""

import importlib.util
import shutil
import subprocess
import sys
from pathlib import Path

FIRST = "00_start_here.ipynb"
INSTALL = 'JupyterLab is not installed: pip install "lbcore[lessons]"'
HERE = Path(__file__).parent


def source() -> Path:
    """The folder of the lessons."""
    for folder in (HERE / "_lessons", HERE.parent / "lessons"):
        if (folder / FIRST).is_file():
            return folder
    raise LookupError("the lessons are not in this installation of lbcore")


def copy(folder: Path) -> tuple[list[str], list[str]]:
    """Copies notebooks, their data and the solutions; what is there already, a student's work, is kept.

    Returns what was copied and what was kept, as paths in the folder.
    """
    copied, kept = [], []
    for path in files(source()):
        target = folder / path
        if target.exists():
            kept.append(path)
            continue
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(source() / path, target)
        copied.append(path)
    return copied, kept


def files(folder: Path) -> list[str]:
    """What a student needs of the folder of the lessons."""
    wanted = [*folder.glob("*.ipynb"), *folder.glob("data/*"), *folder.glob("solutions/*.py")]
    return sorted(path.relative_to(folder).as_posix() for path in wanted if path.is_file())


def open_in_jupyterlab(folder: Path) -> int:
    """Runs JupyterLab on the folder until it is ended, and returns its exit status."""
    if importlib.util.find_spec("jupyterlab") is None:
        raise ImportError(INSTALL)
    return subprocess.call([sys.executable, "-m", "jupyterlab", FIRST], cwd=folder)
