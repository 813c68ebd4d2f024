"""The rules every lesson keeps: same headings, minutes that add up, short cells, words beside each picture.

A rule is a function that takes a `Lesson` and yields what is wrong with it, in words. `RULES` holds them by name.
Longer than 300 lines: a rule is short, and all of them are what a lesson has to keep.
"""

import ast
import re
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cached_property
from itertools import zip_longest
from pathlib import Path
from typing import Any

import nbformat
from minutes import lengths

from lbcore.lab.student.exercises import known

SECTIONS = (
    "Question",
    "By hand",
    "Predict",
    "Play",
    "Explain",
    "Break it",
    "Exercise",
    "Hint, expected picture, solution",
    "Quiz",
    "Takeaways",
)
SHORT_SECTIONS = ("Question", "Play", "Takeaways")
# What does not fit into the hour stands at the end; its minutes are not the lesson's.
LAST = "If you have another half hour"
MOST_MINUTES = 50
LONGEST_CELL = 8
LAYOUT = {"HBox", "VBox", "GridBox", "Box", "Layout", "Output", "ipywidgets", "anywidget", "plt", "matplotlib"}
HEADING = re.compile(r"^## +(.+?)\s*$", re.MULTILINE)
MACHINE = re.compile(
    r"(?<![\w.])/(?:home|root|tmp|mnt|opt|usr|var|private|Users)/|\bat 0x[0-9a-f]{6,}|[A-Z]:\\\\?Users"
)
HERE = (str(Path.home()), sys.prefix)

Rule = Callable[["Lesson"], Iterator[str]]
RULES: dict[str, Rule] = {}


def rule(function: Rule) -> Rule:
    RULES[function.__name__] = function
    return function


@dataclass(frozen=True)
class Lesson:
    """A lesson's notebook, its executed copy, and the checkout it belongs to."""

    path: Path
    root: Path

    @cached_property
    def notebook(self) -> Any:
        return nbformat.read(self.path, as_version=4)

    @cached_property
    def executed(self) -> Any:
        return nbformat.read(self.path.parent / "executed" / self.path.name, as_version=4)

    @property
    def number(self) -> int:
        return int(self.path.stem.split("_")[0])

    @property
    def full(self) -> bool:
        """Whether it has every section; lesson 00 has three."""
        return self.number > 0

    @property
    def code(self) -> list[Any]:
        return [cell for cell in self.notebook.cells if cell.cell_type == "code"]

    @property
    def run(self) -> list[Any]:
        """The code cells with their outputs."""
        return [cell for cell in self.executed.cells if cell.cell_type == "code"]

    @property
    def markdown(self) -> list[Any]:
        return [cell for cell in self.notebook.cells if cell.cell_type == "markdown"]

    @property
    def outputs(self) -> list[Any]:
        return [output for cell in self.run for output in cell.outputs]

    @property
    def exercises(self) -> list[Any]:
        return [cell for cell in self.code if "exercise" in cell.metadata.get("tags", [])]

    @cached_property
    def sections(self) -> dict[str, list[Any]]:
        """Cells of each section. A heading opens a cell or stands in it."""
        found: dict[str, list[Any]] = {}
        name = ""
        for cell in self.notebook.cells:
            if cell.cell_type == "markdown" and (headings := HEADING.findall(cell.source)):
                name = headings[-1]
            found.setdefault(name, []).append(cell)
        return found

    def text(self, section: str) -> str:
        return "\n".join(cell.source for cell in self.sections.get(section, []))


@rule
def headings(lesson: Lesson) -> Iterator[str]:
    found = tuple(name for cell in lesson.markdown for name in HEADING.findall(cell.source))
    wanted = SECTIONS if lesson.full else SHORT_SECTIONS
    if found not in (wanted, (*wanted, LAST)):
        yield f"the headings are {found}, not {wanted}"


@rule
def title(lesson: Lesson) -> Iterator[str]:
    first = lesson.notebook.cells[0]
    if first.cell_type != "markdown" or not re.match(rf"# {lesson.number:02} · \w.*\S\n", first.source + "\n"):
        yield f"the first cell does not begin with '# {lesson.number:02} · '"


def stated(lesson: Lesson) -> dict[str, int]:
    """The minutes of each section, as the headings' cells say."""
    return {name: sum(cell.metadata.get("lbcore", {}).get("minutes", 0) for cell in cells)
            for name, cells in lesson.sections.items()}  # fmt: skip


@rule
def minutes(lesson: Lesson) -> Iterator[str]:
    for cell in lesson.notebook.cells:
        given = cell.metadata.get("lbcore", {})
        opens = cell.cell_type == "markdown" and HEADING.search(cell.source)
        if "minutes" in given:
            if type(given["minutes"]) is not int or given["minutes"] <= 0:
                yield f"minutes are {given['minutes']!r}, not a whole number above 0"
                return
        elif opens:
            yield f"section {opens[1]!r} has no minutes"
        if opens and not str(given.get("notes", "")).strip():
            yield f"section {opens[1]!r} has no notes for the instructor"
    said = lesson.notebook.metadata.get("lbcore", {}).get("minutes")
    total = sum(minutes for name, minutes in stated(lesson).items() if name != LAST)
    if total != said or total > MOST_MINUTES:
        yield f"sections add up to {total} minutes, the notebook says {said}, and {MOST_MINUTES} are the most"


@rule
def long_enough(lesson: Lesson) -> Iterator[str]:
    """The minutes are those that reading, looking and doing take (minutes.py says how they are counted)."""
    found, told = lengths(lesson), stated(lesson)
    for name, length in found.items():
        if length.minutes > told.get(name, 0) + 1 and name:
            yield f"{name!r} takes {length.minutes:.1f} minutes, not {told.get(name, 0)}"
    counted = sum(length.minutes for name, length in found.items() if name != LAST)
    total = sum(minutes for name, minutes in told.items() if name != LAST)
    if counted > total + 0.5:
        yield f"it takes {counted:.1f} minutes, not {total}: cut it, or move its end to {LAST!r}"


@rule
def first_cell(lesson: Lesson) -> Iterator[str]:
    """Who opens a section in the middle of a lesson, learns from its note what to run first."""
    if not lesson.full or not lesson.code:
        return
    first = lesson.code[0].source.split("\n")[0]
    for cell in lesson.notebook.cells[lesson.notebook.cells.index(lesson.code[0]) :]:
        opens = cell.cell_type == "markdown" and HEADING.search(cell.source)
        if opens and f"First cell: `{first}`." not in str(cell.metadata.get("lbcore", {}).get("notes", "")):
            yield f"the note of section {opens[1]!r} does not end in: First cell: `{first}`."


@rule
def without_outputs(lesson: Lesson) -> Iterator[str]:
    """A lesson that is opened fresh shows no answers."""
    for cell in lesson.code:
        if cell.outputs or cell.execution_count is not None:
            yield f"an output or a count: refresh it: {cell.source[:60]}"


@rule
def same_cells(lesson: Lesson) -> Iterator[str]:
    """The executed copy is the lesson, and its outputs."""
    parts = ("id", "cell_type", "source", "metadata")
    pairs = zip_longest(lesson.notebook.cells, lesson.executed.cells, fillvalue={})
    for at, (cell, copy) in enumerate(pairs):
        for part in parts:
            if cell.get(part) != copy.get(part):
                yield f"cell {at} differs in its {part} from the executed copy: refresh it"
    if lesson.notebook.metadata != lesson.executed.metadata:
        yield "the metadata differ from the executed copy's: refresh it"


@rule
def executed(lesson: Lesson) -> Iterator[str]:
    """Strict nbval compares only cells with a number."""
    counts = [cell.execution_count for cell in lesson.run]
    if not counts or counts != list(range(1, len(counts) + 1)):
        yield f"execution counts are {counts}: run it from the top and save it"
    for output in lesson.outputs:
        if output.output_type == "error":
            yield f"a saved error: {output.ename}"
        if output.output_type == "stream" and output.name != "stdout":
            yield f"a saved warning: {output.text[:80]}"
        if output.output_type == "execute_result" and output.execution_count not in counts:
            yield "an output with a number of its own"


@rule
def short_cells(lesson: Lesson) -> Iterator[str]:
    for cell in lesson.code:
        if not cell.source.strip():
            yield "an empty code cell"
            continue
        if cell in lesson.exercises:
            continue
        start = cell.source.split("\n")[0]
        if re.search(r"^\s*[%!]", cell.source, re.MULTILINE):
            yield f"a magic or shell command: {start}"
            continue
        parsed = ast.parse(cell.source)
        imports = all(isinstance(node, ast.Import | ast.ImportFrom) for node in parsed.body)
        if not imports and len(cell.source.split("\n")) > LONGEST_CELL:
            yield f"more than {LONGEST_CELL} lines: {start}"
        for node in ast.walk(parsed):
            if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)):
                yield f"defines {node.name} outside the exercise"
            names = {getattr(node, "id", None), getattr(node, "attr", None)}
            if isinstance(node, ast.alias):
                names.add(node.name.split(".")[0])
            if isinstance(node, ast.Name | ast.Attribute | ast.alias) and names & LAYOUT:
                yield f"layout code: {', '.join(map(str, names & LAYOUT))}"


@rule
def pictures_have_words(lesson: Lesson) -> Iterator[str]:
    """Alternative text on each picture, and a sentence below it."""
    for cell in lesson.run:
        drawn, said = False, ""
        for output in cell.outputs:
            data, metadata = output.get("data", {}), output.get("metadata", {})
            kinds = [kind for kind in data if kind.startswith("image/")]
            tags = re.findall(r"<img\b[^>]*>", _joined(data.get("text/html", "")))
            drawn = drawn or bool(kinds or tags)
            said += output.get("text", "")
            said += " ".join(
                re.findall(r"<figcaption\b[^>]*>(.*?)</figcaption>", _joined(data.get("text/html", "")), re.DOTALL)
            )
            for kind in kinds:
                if not tags and not _says_something(metadata.get(kind, {}).get("alt") or metadata.get("alt", "")):
                    yield f"a picture without alternative text: {cell.source[:60]}"
            yield from _images_without_alt(tags)
        if drawn and not re.search(r"\w{2,}[^\n]{10,}\.(?=\s|$)", said):
            yield f"a picture without a sentence: {cell.source[:60]}"
    for cell in lesson.markdown:
        yield from _images_without_alt(re.findall(r"<img\b[^>]*>", cell.source))
        for alt in re.findall(r"!\[(.*?)\]\(", cell.source):
            if not _says_something(alt):
                yield f"a picture in the text without alternative text: {cell.source[:60]}"


def _images_without_alt(tags: list[str]) -> Iterator[str]:
    for tag in tags:
        alt = re.search(r"""\balt=(["'])(.*?)\1""", tag, re.DOTALL)
        if not alt or not _says_something(alt[2]):
            yield f"a picture without alternative text: {tag[:60]}"


def _says_something(text: str) -> bool:
    return len(text.split()) >= 2


def _joined(text: Any) -> str:
    return text if isinstance(text, str) else "".join(text)


@rule
def parts(lesson: Lesson) -> Iterator[str]:
    """What must stand in which section."""
    wanted = {"Play": (r"\b(slider|choice|play)\(", "a widget")}
    if lesson.full:
        wanted |= {
            "By hand": (r"^\s*show\(|^class \w+:", "the algorithm, a twin's source or its few lines"),
            "Predict": (r"\bpredict\(", "a prediction"),
            "Exercise": (rf'^\s*check\("{lesson.number:02}-', "the check of the exercise"),
            "Quiz": (rf'^\s*quiz\("{lesson.number:02}"\)', "the quiz"),
        }
    for section, (pattern, what) in wanted.items():
        cells = lesson.sections.get(section, [])
        shown = [cell.source for cell in cells if cell.cell_type == "code"]
        shown += [code for cell in cells for code in re.findall(r"```python\n(.*?)```", cell.source, re.DOTALL)]
        if not re.search(pattern, "\n".join(shown), re.MULTILINE):
            yield f"section {section!r} has no cell with {what}"


@rule
def references(lesson: Lesson) -> Iterator[str]:
    if not lesson.full:
        return
    text = lesson.text("Takeaways")
    if not (re.search(r"NGINX|HAProxy|Envoy|Redis", text) and re.search(r"`[^`]+`", text)):
        yield "the takeaways name no real system with its directive"
    if not re.search(r"Read on.*?\b(19|20)\d\d\b", text, re.DOTALL):
        yield "the takeaways have no references ('Read on: ... year')"


@rule
def exercise(lesson: Lesson) -> Iterator[str]:
    """The cell, the solution in the fold and the one in solutions/ are those made from the right class."""
    if not lesson.full:
        return
    made = [exercise for exercise in known().values() if exercise.lesson == f"{lesson.number:02}"]
    if len(lesson.exercises) != 1 or len(made) != 1:
        yield f"{len(lesson.exercises)} cells have the tag 'exercise' and it has {len(made)} exercises, not 1 and 1"
        return
    if lesson.exercises[0].source != made[0].stub:
        yield "the exercise cell is not the stub in right.py: refresh it"
    folds = lesson.text("Hint, expected picture, solution")
    summaries = re.findall(r"<details>\s*<summary>(.*?)</summary>", folds)
    if [name.strip() for name in summaries] != ["Hint", "Expected picture", "Solution"]:
        yield f"the folds are {summaries}, not Hint, Expected picture, Solution"
    if folds.count("<details>") != folds.count("</details>"):
        yield "a fold is not closed"
    shown = re.search(r"<summary>Solution</summary>\n\n```python\n(.*?)\n```", folds, re.DOTALL)
    if not shown or shown[1] != made[0].fold:
        yield "the solution fold is not the class in right.py: refresh it"
    files = sorted(lesson.root.glob(f"lessons/solutions/{lesson.number:02}_*.py"))
    if [file.stem for file in files] != [lesson.path.stem]:
        yield f"the files in solutions are {[file.name for file in files]}, not {lesson.path.stem}.py"
    elif files[0].read_text(encoding="utf-8") != made[0].solution:
        yield f"{files[0].name} in solutions is not right.py: refresh it"


@rule
def clean(lesson: Lesson) -> Iterator[str]:
    """Nothing of the machine that ran it, no saved widget state, nothing that changes at each run."""
    metadata = lesson.notebook.metadata
    for name in set(metadata) - {"kernelspec", "lbcore"}:
        yield f"notebook metadata {name!r}: refresh it"
    for cell in lesson.notebook.cells:
        for name in set(cell.metadata) - {"lbcore", "tags"}:
            yield f"cell metadata {name!r}: refresh it"
        if not re.fullmatch(r"[\w-]{1,64}", cell.get("id", "")):
            yield f"a cell without an id: {cell.source[:60]}"
        if found := re.search(r"(?<![\w.])/(?:home|root|Users)/|[A-Z]:\\+Users", cell.source):
            yield f"a path of a machine in a cell: {found[0]}"
    for output in lesson.outputs:
        said = output.get("text", "") + "".join(
            _joined(data) for kind, data in output.get("data", {}).items() if kind.startswith("text/")
        )
        said = re.sub("base64,[A-Za-z0-9+/=]*", "", said)
        if found := MACHINE.search(said):
            yield f"a path or address of a machine in an output: {found[0]}"
        for place in (str(lesson.root), *HERE):
            if len(place) > 1 and place in said:
                yield f"a path of this machine in an output: {place}"


@rule
def links(lesson: Lesson) -> Iterator[str]:
    """A link to a file of the checkout leads somewhere."""
    for cell in lesson.markdown:
        targets = re.findall(r"\]\(([^()\s]+)", cell.source) + re.findall(r"""(?:href|src)=["']([^"']+)""", cell.source)
        for target in targets:
            file = target.split("#")[0]
            if re.match(r"[a-z]+:", target) or not file:
                continue
            if not (lesson.path.parent / file).exists():
                yield f"a link to nothing: {target}"
