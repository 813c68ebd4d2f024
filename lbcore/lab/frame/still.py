"""A result as a picture that needs no kernel: an image with its sentence below it and as its alternative text.

The cell of a widget shows its still first and then the widget. The style sheet below hides the still while the widget
lives, and the dead widget where it does not: a notebook that is opened again has pictures.
"""

import base64
import html
import re
from typing import Any

from matplotlib.figure import Figure

from lbcore.lab.frame import style
from lbcore.lab.frame.words import guess

__all__ = ["ALIVE", "TEXT", "bundle", "figure", "said"]

#: The class of a widget that is on the page.
ALIVE = "lbcore-alive"
_CHILD = ".jp-OutputArea-child"
#: No `:has` stands in another: that would drop the whole rule.
_STYLE = (
    f"<style>{_CHILD}:has(.lbcore-still)+{_CHILD}:not(:has(.{ALIVE})),"
    f"{_CHILD}:has(.lbcore-still):has(+{_CHILD} .{ALIVE}){{display:none}}</style>"
)
_RUN = "Run this notebook from the top (Run > Run All Cells), and its controls appear here."
#: The style of words below a picture: as large as the lesson's own.
TEXT = "font-size:var(--jp-content-font-size1,14px);line-height:1.5;margin:4px 0;padding:0 5px;white-space:pre-line"
#: In a dark theme the image is turned round, light for dark, its hues as they were; its ground is the page's. And what
#: a page of JupyterLab would break inside of words: shown code scrolls, and printed text breaks between words. Its own
#: colour of comments has too little contrast in both themes.
_THEME = (
    "<style>.jp-OutputArea .jp-RenderedMarkdown pre{white-space:pre;word-break:normal;overflow-x:auto}"
    ".jp-OutputArea .jp-RenderedText pre{word-break:normal;overflow-wrap:break-word}"
    'body[data-jp-theme-light="true"]{--jp-mirror-editor-comment-color:#2a6a6a}'
    'body[data-jp-theme-light="false"]{--jp-mirror-editor-comment-color:#7fbfbf}'
    ".lbcore-image{mix-blend-mode:multiply}"
    'body[data-jp-theme-light="false"] .lbcore-image{filter:invert(1) hue-rotate(180deg);mix-blend-mode:screen}</style>'
)


def figure(result: Any, prediction: Any = None, width_pt: float = style.WIDTH_PT) -> Figure:
    """The picture of a result, with the prediction (a number, or a committed Prediction) in it.

    A figure of its own each time: to empty one that was used takes longer than to make one.
    """
    if not callable(getattr(result, "draw", None)):
        raise TypeError(f"result: there is no picture of a {type(result).__name__}")
    fig = Figure()
    fig.set_figwidth(width_pt / 72)
    with style.dressed():
        result.draw(fig, guess(prediction))
    return fig


def bundle(result: Any, prediction: Any = None) -> dict[str, str]:
    """A result for the page: as HTML, and in words."""
    sentence = result.sentence(guess(prediction))
    drawn = figure(result, prediction)
    shown = _html(sentence, drawn, result.caption(sentence) + result.printed)
    return {"text/html": shown, "text/plain": sentence + result.printed}


def said(sentence: str, drawn: Figure | None, paper: str) -> dict[str, str]:
    """The still of a widget: its picture where it has one, what is on `paper`, and how to bring it to life."""
    words = re.sub("`([^`]+)`", r"<code>\1</code>", html.escape(paper))
    shown = f'<p style="{TEXT}">{words}</p>' if drawn is None else _html(sentence, drawn, paper)
    run = html.escape(_RUN if drawn is None else f"A still picture. {_RUN}")
    note = f'<p style="font-size:var(--jp-content-font-size1,14px);font-style:italic;padding:0 5px">{run}</p>'
    return {"text/html": f'<div class="lbcore-still">{_STYLE}{shown}{note}</div>', "text/plain": sentence}


def _html(sentence: str, drawn: Figure, caption: str) -> str:
    text = html.escape(sentence, quote=True)
    data = base64.b64encode(style.png(drawn)).decode()
    # JupyterLab shows image/png without any alternative text, whatever the metadata say: so it is an <img> in HTML.
    return (
        f'{_THEME}<figure style="margin:0;max-width:{style.MAX_WIDTH_PX}px"><div style="overflow-x:auto">'
        f'<img class="lbcore-image" alt="{text}" style="width:100%;min-width:{style.MIN_WIDTH_PX}px;max-width:none" '
        f'src="data:image/png;base64,{data}"></div>'
        f'<figcaption style="{TEXT}">{html.escape(caption)}</figcaption></figure>'
    )
