"""One visual language for every picture: colours, sizes, and a figure as SVG.

A node keeps its colour everywhere: the eight of Okabe and Ito, then the same eight hatched. Down is grey and crossed.
Theory is a thin line or a shaded band, a prediction a dashed line; both are labelled at the right edge.
(Longer than 300 lines: every colour and every size stands in one place.)
"""

import base64
import io
import re
import threading
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import matplotlib
from matplotlib.axes import Axes
from matplotlib.backends.backend_svg import FigureCanvasSVG
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator
from matplotlib.transforms import blended_transform_factory

from lbcore.lab.frame.axes import LeanAxes

#: Okabe and Ito's colours, in an order that keeps neighbours far apart; their black is no heavier than the others.
COLOURS = ("#0072B2", "#E69F00", "#009E73", "#D55E00", "#56B4E9", "#CC79A7", "#F0E442", "#2b2b2b")
#: Yellow is not seen on white without an edge.
YELLOW, YELLOW_EDGE = "#F0E442", "#8a7d00"
#: Stripes on yellow are the same in every theme, as yellow is: its edge is yellow itself where the page is dark.
YELLOW_STRIPES = "#6e6400"
#: From the ninth node on the colours come again, hatched. Lines only: dots make an SVG a hundred times larger.
HATCHES = ("", "\\\\", "--", "||", "++", "-\\")
#: What a moved key, or a hot one, is striped with. No node has it.
STRIPES = "////"

INK = "#222222"
MUTED = "#5f5f5f"
NEUTRAL = "#6b7a8f"
#: Dark on a light page and bright on a dark one (THEMED): what is to be seen beside NEUTRAL, PALE or WINDOW in both.
STRONG = "#39465a"
BAND = "#858d99"
DOWN = "#bdbdbd"
GUESS = "#8b008b"
PAPER = "#ffffff"
#: What is down, or no longer there, is hatched on this.
SHADE = "#f2f2f2"
#: The colour of a stretch of time that is marked, and of the words on it.
WINDOW, WARNING = "#f3d9c4", "#8c3d00"
#: Writing on a colour that is the same in every theme.
ON_DARK, ON_LIGHT = "#fffffe", "#000001"

#: Colours that follow the theme of the page: each is a variable of that name in panel.css, and itself elsewhere.
THEMED = {
    INK: "ink",
    "#333333": "ink",
    "#000000": "ink",
    COLOURS[7]: "ink",
    MUTED: "muted",
    PAPER: "paper",
    SHADE: "shade",
    DOWN: "down",
    GUESS: "guess",
    WINDOW: "window",
    WARNING: "warning",
    YELLOW_EDGE: "yellow-edge",
    STRONG: "strong",
    "#b9c2cf": "pale",
    "#a3afc0": "pale",
}

#: What these variables are where the page is dark: as in panel.css, and the ground of JupyterLab's dark theme.
DARK = "--lbcore-paper:#111111;" + re.sub(
    r"\s+",
    "",
    re.findall(
        r'theme-light="false"\] \.lbcore-panel-picture \{(.*?)\}',
        Path(__file__).with_name("panel.css").read_text(encoding="utf-8"),
        re.DOTALL,
    )[0],
)

#: Algorithms are no nodes, so they have none of the nodes' colours: they differ by line and label.
LINES = (("#333333", "-"), ("#333333", (0, (4, 2))), ("#333333", (0, (1, 1.6))), ("#8a94a3", "-"))
#: A white ground for a label that lies on a line.
CLEAR = {"facecolor": PAPER, "edgecolor": "none", "pad": 1.0}

#: The width of a figure where the page does not say how much room there is.
WIDTH_PT = 468
FONT_PT = 12
#: A still keeps its shape: it is shown up to so wide, and where there is less room than for its least width, scrolls.
#: From a width on, the one that is drawn for a wide place stands there, if there is one: its writing is as large as
#: prose then, and on a projector a fifth larger, where it stops to grow.
MIN_WIDTH_PX, MAX_WIDTH_PX, WIDE_PX, WIDE_PT, WIDEST_PX = 440, 860, 730, 700, 1000
#: A live picture is drawn anew for the room it has. Its writing is as large as a lesson's prose, and larger in a wide
#: window, which is a projector: from the first to the second size between the two widths.
NARROWEST_PT, WIDEST_PT = 430, 800
PROSE_PX, PROJECTED_PX = 14.0, 18.0
PAGE_PX, PROJECTOR_PX = 600, 1200
MOST_HATCHED = 24
#: Up to here every node has a bar of its own; beyond, the outline of all of them is drawn.
MOST_BARS = 64
#: The look of what is down.
CROSSED: Any = {"facecolor": SHADE, "edgecolor": DOWN, "hatch": "xx", "linewidth": 0}

RC: Any = {
    "font.size": FONT_PT,
    "axes.titlesize": FONT_PT,
    "axes.labelsize": FONT_PT,
    "xtick.labelsize": FONT_PT,
    "ytick.labelsize": FONT_PT,
    "axes.titlelocation": "left",
    "axes.titley": 1.0,  # to find out where it would fit takes a tenth of the time of a picture
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.edgecolor": MUTED,
    "axes.labelcolor": INK,
    "axes.axisbelow": True,
    "axes.facecolor": PAPER,
    "legend.facecolor": PAPER,
    "text.color": INK,
    "xtick.color": INK,
    "ytick.color": INK,
    "xtick.major.size": 3.5,
    "figure.facecolor": PAPER,
    "savefig.facecolor": PAPER,
    "hatch.linewidth": 1.0,
    "svg.fonttype": "none",
    "svg.hashsalt": "lbcore",
    "path.simplify": True,
    # Names are the user's and stand as they are: a dollar is no mathematics.
    "text.parse_math": False,
}


_PEN = threading.RLock()


@contextmanager
def dressed() -> Iterator[None]:
    """matplotlib in this language. Its settings are global, and a live demonstration draws on a thread of its own."""
    with _PEN, matplotlib.rc_context(RC):
        yield


def colour(node: int) -> str:
    """The colour of the node with this index."""
    return COLOURS[node % len(COLOURS)]


def hatch(node: int) -> str:
    """The hatching of the node with this index; none for the first eight."""
    return HATCHES[node // len(COLOURS) % len(HATCHES)]


def luminance(colour: str) -> float:
    """How bright a colour is, from 0 to 1, as WCAG defines it."""
    parts = [int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5)]
    red, green, blue = (part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def contrast(one: str, other: str) -> float:
    """How well one colour is read on the other, from 1 to 21, as WCAG defines it."""
    low, high = sorted((luminance(one), luminance(other)))
    return (high + 0.05) / (low + 0.05)


def on(background: str) -> str:
    """The colour of writing on a background: black or white, whichever is read better."""
    if THEMED.get(background) == "ink":
        return PAPER  # both change with the theme
    return max(ON_LIGHT, ON_DARK, key=lambda ink: contrast(ink, background))


def fitted(room_px: float) -> float:
    """How wide a figure is to be, in points, for a place of so many pixels; 0: the page does not say."""
    if room_px <= 0:
        return WIDTH_PT
    share = min(1.0, max(0.0, (room_px - PAGE_PX) / (PROJECTOR_PX - PAGE_PX)))
    text_px = PROSE_PX + share * (PROJECTED_PX - PROSE_PX)
    return float(min(WIDEST_PT, max(NARROWEST_PT, round(min(room_px, PROJECTOR_PX) * FONT_PT / text_px))))


def width_of(fig: Figure) -> float:
    """The width of a figure in points."""
    return float(fig.get_figwidth() * 72)


def node_look(node: int, of: int = 0) -> dict[str, Any]:
    """The face, edge and hatching of a node's bar, as keywords of matplotlib.

    of: how many bars stand side by side. Beyond 24 they are too thin for hatching, and are told apart by their place.
    """
    face = colour(node)
    if of > MOST_HATCHED:
        return {"facecolor": face, "edgecolor": "none", "linewidth": 0}
    if hatch(node):
        return {"facecolor": face, "edgecolor": on(face), "hatch": hatch(node), "linewidth": 0}
    edge = {"edgecolor": YELLOW_EDGE, "linewidth": 0.8} if face == YELLOW else {"edgecolor": "none", "linewidth": 0}
    return {"facecolor": face, "hatch": "", **edge}


def edges(faces: Sequence[str]) -> dict[str, Any]:
    """The edges of pieces in these colours: yellow ones have one."""
    return {"linewidth": 0.8, "edgecolor": [YELLOW_EDGE if face == YELLOW else "none" for face in faces]}


def striped(face: str) -> dict[str, Any]:
    """The look of what has moved, or is hot, in this colour."""
    edge = YELLOW_STRIPES if face == YELLOW else PAPER
    return {"facecolor": face, "edgecolor": edge, "hatch": STRIPES, "linewidth": 0.6}


def blank(height_pt: float, fig: Figure) -> Figure:
    """An empty figure of this height; it keeps its width."""
    fig.set_size_inches(fig.get_figwidth(), height_pt / 72)
    return fig


def place(
    fig: Figure,
    rows: int = 1,
    columns: int = 1,
    *,
    left: float = 62,
    right: float = 98,
    top: float = 34,
    bottom: float = 46,
    **how: Any,
) -> Any:
    """Axes in a grid, with margins in points: what stands in the margins has a size that does not stretch."""
    width, height = fig.get_size_inches() * 72
    fig.subplots_adjust(left / width, bottom / height, 1 - right / width, 1 - top / height)
    return fig.subplots(rows, columns, squeeze=False, subplot_kw={"axes_class": LeanAxes}, **how)


def put(fig: Figure, where: tuple[float, float, float, float]) -> Axes:
    """Axes at a place: left, bottom, width and height as shares of the figure."""
    axes: Axes = fig.add_axes(where, axes_class=LeanAxes)
    return axes


def node_axis(ax: Axes, names: Sequence[str], label: str = "node", room: int = 44) -> None:
    """Name the nodes below their bars: by number where they are numbered, and only some where they are many.

    room: how many characters fit below the axes.
    """
    n = len(names)
    numbered = all(name == f"node-{i}" for i, name in enumerate(names))
    texts = [str(i) for i in range(n)] if numbered else [shorten(name, max(3, room // n)) for name in names]
    step = next(s for s in (1, 2, 4, 8, 10, 20, 50, 100, 1000, n) if n / s <= room / 2.75)
    if not numbered and n > room // 4:
        step = max(step, -(-n // (room // 4)))
    ax.set_xticks(range(0, n, step), texts[::step])
    ax.set_xlim(-0.6, n - 0.4)
    ax.set_xlabel(label)
    ax.tick_params(axis="x", length=0)


def shorten(text: str, most: int) -> str:
    """`text`, cut to `most` characters."""
    return text if len(text) <= most else text[: max(1, most - 1)] + "…"


def count_axis(ax: Axes, title: str, bins: int = 7) -> None:
    """A vertical axis of counts: whole numbers, written as people do (1,000), and what they count above the axis."""
    ax.yaxis.set_major_locator(MaxNLocator(bins, steps=[1, 2, 2.5, 5, 10], integer=True))
    thousands(ax.yaxis)
    ax.set_title(title)


def thousands(axis: Any) -> None:
    """Write the numbers of an axis as people do: 1,000."""
    axis.set_major_formatter(lambda value, _: in_millions(value) if abs(value) >= 1e6 else _signed(value))


def _signed(value: float) -> str:
    return f"{value:,.10g}".replace("-", "\N{MINUS SIGN}")


def in_millions(value: float) -> str:
    """1M, 2.5M: short enough for the margin beside an axis."""
    return f"{value / 1e6:,.10g}M"


def edge_labels(ax: Axes, labels: Iterable[tuple[float, str, str]], gap_pt: float = 15) -> None:
    """Write (height, text, colour) labels beside the right edge of the axes, moved apart where they would touch."""
    low, high = ax.transScale.transform([(1, y) for y in ax.get_ylim()])[:, 1]
    points = ax.get_window_extent().height / ax.figure.dpi * 72
    scaled = [(ax.transScale.transform((1, y))[1], text, ink) for y, text, ink in labels]
    wanted = sorted((min(max((y - low) / (high - low), 0.0), 1.0) * points, text, ink) for y, text, ink in scaled)
    heights: list[float] = []
    for at, _, _ in wanted:
        heights.append(at if not heights else max(at, heights[-1] + gap_pt))
    # What was pushed beyond the top comes down again, and takes those below along.
    ceiling = points + 4
    for i in range(len(heights) - 1, -1, -1):
        heights[i] = min(heights[i], ceiling)
        ceiling = heights[i] - gap_pt
    for (_, text, ink), at in zip(wanted, heights, strict=True):
        ax.text(1.012, at / points, text, transform=ax.transAxes, color=ink, va="center", ha="left")


def line(ax: Axes, y: float, *, guess: bool = False) -> None:
    """A level across the axes: thin and solid for theory, dashed for a prediction."""
    if guess:
        ax.axhline(y, color=GUESS, linestyle=(0, (5, 3)), linewidth=1.8, zorder=4, gid="prediction")
    else:
        ax.axhline(y, color=INK, linewidth=1.0, zorder=3)


def crosses(ax: Axes, nodes: Iterable[int]) -> None:
    """Mark nodes that are down: a pale crossed column, and the word where there is room."""
    where = list(nodes)
    if not where:
        return
    mixed = blended_transform_factory(ax.transData, ax.transAxes)
    ax.bar(
        where,
        1,
        0.8,
        transform=mixed,
        **CROSSED,
        zorder=0.5,
        gid="down",
    )
    if ax.get_xlim()[1] <= 16:
        for node in where:
            ax.text(
                node,
                0.5,
                "down",
                transform=mixed,
                ha="center",
                va="center",
                rotation=90,
                color=MUTED,
                bbox={"facecolor": PAPER, "edgecolor": "none", "pad": 2},
            )


def svg(fig: Figure) -> str:
    """The figure as SVG text to put into a page: it takes the width it is given, and never differs between two runs."""
    out = io.StringIO()
    with dressed():
        FigureCanvasSVG(fig).print_svg(out, metadata={"Date": None, "Creator": None})
    text = out.getvalue()
    text = text[text.index("<svg") :]
    # matplotlib's style sheet says `*`, which in a page means every drawing there is: the icons of the menu too.
    text = re.sub(r"<style[^>]*>.*?</style>", "", text, count=1, flags=re.DOTALL)
    text = re.sub(r"<metadata>.*?</metadata>", "", text, count=1, flags=re.DOTALL)
    # Nobody refers to the groups, and a page with two pictures would have every name twice.
    text = re.sub(r'<g id="[^"]*"', "<g", text)
    # A hatched face is an attribute, in which a variable is not certain to be understood.
    text = re.sub(r' fill="(#[0-9a-f]{6})"', r' style="fill: \1"', text)
    text = re.sub(r"(?<=: )#[0-9a-f]{6}\b", lambda m: _themed(m[0]), text)
    look = (
        f"display:block;width:100%;min-width:{MIN_WIDTH_PX}px;max-width:{PROJECTOR_PX}px;height:auto;"
        "stroke-linejoin:round;stroke-linecap:butt"
    )
    return re.sub(
        r'<svg ([^>]*?)width="[^"]*"([^>]*?)height="[^"]*"|<svg ([^>]*?)height="[^"]*"([^>]*?)width="[^"]*"',
        lambda m: f'<svg style="{look}" aria-hidden="true" focusable="false" {m[1] or m[3]}{m[2] or m[4]}',
        text,
        count=1,
    )


def _themed(colour: str) -> str:
    """A colour as the page says it, where it says anything."""
    return f"var(--lbcore-{THEMED[colour]}, {colour})" if colour in THEMED else colour


def image(fig: Figure) -> str:
    """The figure as the address of an <img>: an SVG with both themes in it, which follows the colour scheme there."""
    start, rest = svg(fig).split(">", 1)
    start = re.sub(r"(?<=style=\")display.*?auto;", "", start)  # the <img> has a size of its own
    text = f"{start}><style>@media (prefers-color-scheme:dark){{svg{{{DARK}}}}}</style>{rest}"
    return f"data:image/svg+xml;base64,{base64.b64encode(text.encode()).decode()}"
