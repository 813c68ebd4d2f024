"""What a lesson prints without a control: the source of a class, and a still picture with its sentence."""

import base64
import html
import inspect
import textwrap
from typing import Any

from IPython.display import Markdown, display

from lbcore.lab import style
from lbcore.lab.figures import figure
from lbcore.lab.summaries import summary

__all__ = ["picture", "show", "source"]


def source(obj: Any) -> str:
    """The source of a class or function in plain Python, without the indentation around it.

    Raises TypeError for what has none: a compiled class, a number.
    """
    try:
        return textwrap.dedent(inspect.getsource(obj)).rstrip()
    except (TypeError, OSError):
        name = getattr(obj, "__name__", None) or type(obj).__name__
        raise TypeError(
            f"obj: {name} has no Python source; a compiled class has a twin in lbcore.selectors.reference, "
            "which can be shown"
        ) from None


def show(obj: Any) -> None:
    """Display the source of a class or function, highlighted."""
    display(Markdown(f"```python\n{source(obj)}\n```"))


def picture(result: Any, prediction: Any = None) -> None:
    """Display a result as one still picture, with its sentence below it and as alternative text."""
    sentence = summary(result, prediction)
    said = html.escape(sentence, quote=True)
    data = base64.b64encode(style.png(figure(result, prediction))).decode()
    # JupyterLab shows image/png without any alternative text, whatever the metadata say: so it is an <img> in HTML.
    tag = (
        f'<figure style="margin:0;max-width:{style.MAX_WIDTH_PX}px">'
        f'<img alt="{said}" style="width:100%" src="data:image/png;base64,{data}">'
        f'<figcaption style="font-size:15px;line-height:1.4;white-space:pre-line">{said}</figcaption></figure>'
    )
    display({"text/html": tag, "text/plain": sentence}, raw=True)
