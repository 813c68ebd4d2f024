"""How long a lesson takes: `python tests/lessons/minutes.py` prints words and minutes of each section of each lesson.

Counted, as the curriculum does: text and captions at 130 words a minute, a picture 40 s, a widget 90 s, a prediction 1
minute, by hand 4, the quiz 3, the exercise 10 with its folds, a live run as long as it runs. Code is not read aloud.
"""

import re
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[2]
WORDS_A_MINUTE = 130
PICTURE, WIDGET, PREDICTION = 40 / 60, 90 / 60, 1.0
BY_HAND = 4.0
DONE = {"Quiz": 3.0, "Exercise": 10.0, "Hint, expected picture, solution": 0.0}  # their text is in these
CONTROLS = re.compile(r"\b(slider|choice|play|race)\(")
PREDICT = re.compile(r"\bpredict\(")
LIVE = re.compile(r"\blive_\w+\(")


@dataclass
class Length:
    """One section: its words, and the minutes they take with all there is to look at and to do."""

    words: int = 0
    minutes: float = 0.0


def prose(markdown: str) -> str:
    """What is read: no code, no closed folds, no targets of links."""
    for unread in (r"```.*?```", r"<details>.*?</details>", r"<[^>]+>", r"\]\([^)]*\)", r"^\|[-:| ]+\|$", r"[|#*`]"):
        markdown = re.sub(unread, " ", markdown, flags=re.DOTALL | re.MULTILINE)
    return markdown


def words(text: str) -> int:
    return len(re.findall(r"\S*\w\S*", text))


def lengths(lesson: Any) -> dict[str, Length]:
    """Of each section of a Lesson."""
    run = {cell.id: cell for cell in lesson.executed.cells}
    found: dict[str, Length] = {}
    for name, cells in lesson.sections.items():
        length = found.setdefault(name, Length(minutes=DONE.get(name, BY_HAND if name == "By hand" else 0.0)))
        for cell in cells:
            read = prose(cell.source) if cell.cell_type == "markdown" else caption(run[cell.id])
            length.words += words(read)
            if name not in DONE:
                length.minutes += words(read) / WORDS_A_MINUTE
                length.minutes += sum(looked_at(cell, run[cell.id])) if cell.cell_type == "code" else 0.0
    return found


def caption(cell: Any) -> str:
    """The sentence below a picture; what is printed is looked at, not read."""
    said = ["".join(output.data.get("text/html", "")) for output in cell.outputs if "data" in output]
    captions = re.findall(r"<figcaption\b[^>]*>(.*?)</figcaption>", "".join(said[:1]), re.DOTALL)
    return re.sub(r"<[^>]+>", " ", " ".join(captions))


def looked_at(cell: Any, run: Any) -> Iterator[float]:
    yield PREDICTION * len(PREDICT.findall(cell.source))
    seconds = cell.metadata.get("lbcore", {}).get("live_s")
    if LIVE.search(cell.source):
        yield (seconds or 60) / 60
    elif CONTROLS.search(cell.source):
        yield WIDGET
    elif any("<img" in "".join(output.data.get("text/html", "")) or "image/svg+xml" in output.data
             for output in run.outputs if "data" in output):  # fmt: skip
        yield PICTURE


def main() -> None:
    sys.path.insert(0, str(Path(__file__).parent))
    from anatomy import LAST, Lesson, stated

    for path in sorted((ROOT / "lessons").glob("[0-9]*.ipynb")):
        lesson = Lesson(path, ROOT)
        found, told = lengths(lesson), stated(lesson)
        most = [name for name in found if name in told]
        print(f"{path.stem}: {sum(length.words for length in found.values()):,} words; counted "
              f"{sum(found[name].minutes for name in most if name != LAST):.0f} minutes, stated "
              f"{sum(minutes for name, minutes in told.items() if name != LAST)}")  # fmt: skip
        for name in most:
            print(f"  {name:34}{found[name].words:6,} words {found[name].minutes:6.1f} of {told[name]}")


if __name__ == "__main__":
    main()
