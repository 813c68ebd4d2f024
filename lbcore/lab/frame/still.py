"""A result as a picture that needs no kernel: an image with its sentence below it and as its alternative text.

The cell of a widget shows its still first and then the widget. The style sheet below hides the still while the widget
lives, and the dead widget where it does not: a notebook that is opened again has pictures.
"""

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
    f"{_CHILD}:has(.lbcore-still):has(+{_CHILD} .{ALIVE}){{display:none}}"
    # A page that was exported, or is printed, cannot be run.
    "body.jp-Notebook .lbcore-run{display:none}@media print{.lbcore-run{display:none}}</style>"
)
_RUN = "Run this notebook from the top (Run > Run All Cells), and its controls appear here."
#: The style of words below a picture: as large as the lesson's own.
TEXT = "font-size:var(--jp-content-font-size1,14px);line-height:1.5;margin:4px 0;padding:0 5px;white-space:pre-line"
#: An image follows the theme by the colour scheme of its place. It is there twice, drawn for a narrow and for a wide
#: place. And what a page of JupyterLab would break inside of words: shown code scrolls, and printed text breaks between
#: words. Its own colour of comments has too little contrast in both themes.
_THEME = (
    "<style>.jp-OutputArea .jp-RenderedMarkdown{padding-right:0}"
    ".jp-OutputArea .jp-RenderedMarkdown pre{word-break:normal;overflow-x:auto;margin:0}"
    ".jp-OutputArea .jp-RenderedMarkdown pre code{white-space:pre;padding:0}"
    ".jp-MarkdownCell .jp-MarkdownOutput table{display:block;overflow-x:auto}"
    ".jp-MarkdownCell .jp-MarkdownOutput td:nth-child(4):last-child{min-width:8em}"
    ".jp-MarkdownCell .jp-MarkdownOutput details{margin-bottom:1em}"
    ".jp-MarkdownCell .jp-MarkdownOutput pre{word-break:normal;overflow-x:auto}"
    ".jp-MarkdownCell .jp-MarkdownOutput pre code{white-space:pre}"
    ".jp-OutputArea .jp-RenderedText pre{word-break:normal;overflow-wrap:break-word}"
    'body[data-jp-theme-light="true"]{--jp-mirror-editor-comment-color:#2a6a6a}'
    'body[data-jp-theme-light="false"]{--jp-mirror-editor-comment-color:#7fbfbf}'
    'body[data-jp-theme-light="true"] .lbcore-image{color-scheme:light}'
    'body[data-jp-theme-light="false"] .lbcore-image{color-scheme:dark}'
    f".lbcore-figure{{container-type:inline-size}}@container (min-width:{style.WIDE_PX}px)"
    "{.lbcore-image:has(+.lbcore-wide){display:none}.lbcore-wide{display:block!important}}</style>"
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
    wide = figure(result, prediction, style.WIDE_PT)
    shown = _html(sentence, (drawn, wide), result.caption(sentence) + result.printed)
    return {"text/html": shown, "text/plain": sentence + result.printed}


def said(sentence: str, drawn: Figure | None, paper: str) -> dict[str, str]:
    """The still of a widget: its picture where it has one, what is on `paper`, and how to bring it to life."""
    words = re.sub("`([^`]+)`", r"<code>\1</code>", html.escape(paper))
    shown = f'<p style="{TEXT}">{words}</p>' if drawn is None else _html(sentence, (drawn,), paper)
    run = html.escape(_RUN if drawn is None else f"A still picture. {_RUN}")
    note = f'<p class="lbcore-run" style="{TEXT};font-style:italic">{run}</p>'
    return {"text/html": f'<div class="lbcore-still">{_STYLE}{shown}{note}</div>', "text/plain": sentence}


def _html(sentence: str, drawn: tuple[Figure, ...], caption: str) -> str:
    """A picture, and perhaps the same one drawn for a wide place, with what stands below."""
    text = html.escape(sentence, quote=True)
    # JupyterLab shows image/svg+xml without any alternative text, whatever the metadata say, and drops an <svg> in HTML
    # where a notebook is not trusted: so it is an <img>.
    looks = (
        ("lbcore-image", f"width:100%;min-width:{style.MIN_WIDTH_PX}px;max-width:{style.MAX_WIDTH_PX}px"),
        ("lbcore-image lbcore-wide", f"display:none;width:100%;max-width:{style.WIDEST_PX}px"),
    )[: len(drawn)]
    images = "".join(
        f'<img class="{name}" alt="{text}" style="{look}" src="{style.image(fig)}">'
        for (name, look), fig in zip(looks, drawn, strict=True)
    )
    return (
        f'{_THEME}<figure class="lbcore-figure" style="margin:0;max-width:{style.PROJECTOR_PX}px">'
        f'<div style="overflow-x:auto">{images}</div>'
        f'<figcaption style="{TEXT}">{html.escape(caption)}</figcaption></figure>'
    )
