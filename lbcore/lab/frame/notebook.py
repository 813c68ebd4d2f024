"""The notebook that this kernel runs, as far as whoever started it has told."""

import os
import sys
from pathlib import Path
from typing import Any

__all__ = ["path", "shell"]


def shell() -> Any:
    """The IPython of a notebook's kernel; None in a terminal, a script and a test."""
    ipython = sys.modules.get("IPython")
    running = None if ipython is None else ipython.get_ipython()
    return running if hasattr(running, "kernel") else None


def path() -> Path | None:
    """The notebook's file, where Jupyter's server (or VS Code) says it and it is there."""
    running = shell()
    if running is None:
        return None
    named = running.user_ns.get("__vsc_ipynb_file__") or os.environ.get("JPY_SESSION_NAME")
    file = Path(str(named)) if named else None
    return file if file is not None and file.suffix == ".ipynb" and file.is_file() else None
