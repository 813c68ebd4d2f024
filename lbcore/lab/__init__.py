"""What a lesson calls: experiments, pictures, widgets, predictions, exercises, quizzes. Needs the extra `lessons`."""

try:
    import anywidget as _anywidget  # noqa: F401
    import ipywidgets as _ipywidgets  # noqa: F401
    import matplotlib as _matplotlib  # noqa: F401
except ImportError as _error:
    raise ImportError(
        f"lbcore.lab needs {_error.name}, which is not installed. In a terminal, in lbcore's folder, "
        'run: python -m pip install -e ".[lessons]"'
    ) from _error

from lbcore.lab import experiments, widgets
from lbcore.lab.controls import choice, slider
from lbcore.lab.figures import figure
from lbcore.lab.keys import count_keys, read_keys
from lbcore.lab.player import play
from lbcore.lab.show import picture, show
from lbcore.lab.student import check, predict, quiz
from lbcore.lab.summaries import summary

__all__ = [
    "check",
    "choice",
    "count_keys",
    "experiments",
    "figure",
    "picture",
    "play",
    "predict",
    "quiz",
    "read_keys",
    "show",
    "slider",
    "summary",
    "widgets",
]
